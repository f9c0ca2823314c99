import { existsSync, readdirSync, statSync } from "node:fs"
import { copyFile, cp, mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { basename, join, resolve } from "node:path"
import type { Command } from "./command.js"
import { EXIT } from "./exit-codes.js"
import { ownFolder, ownVersion } from "./own-package.js"
import { UsageError } from "./usage-error.js"

interface Manifest {
  name: string
  dependencies: Record<string, string>
}

/** A valid npm package name, derived from the name of a folder. */
const packageName = (folder: string): string =>
  basename(folder)
    .toLowerCase()
    .match(/[a-z0-9]+/g)
    ?.join("-") ?? "app"

/** A path as the shell of this system reads it. */
function quoted(path: string): string {
  if (process.platform === "win32") return /^[\w.:/\\~-]+$/.test(path) ? path : `"${path}"`
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

/** Whether a text can only be meant as a file of this machine, and not as a version, a tag or a URL. */
const looksLikeFile = (given: string): boolean =>
  /^([./]|[a-z]:\\)/i.test(given) || (given.endsWith(".tgz") && !given.includes(":"))

/**
 * The entry of Rookery in the project's dependencies: a version, or a package file. The project gets a copy of the
 * file, because it may be installed again on a machine without the original.
 */
async function dependency(given: string | undefined, folder: string): Promise<string> {
  if (given === undefined) return `^${ownVersion()}`
  if (!isFile(given)) return given
  const copy = `vendor/${basename(given)}`
  await mkdir(join(folder, "vendor"))
  await copyFile(given, join(folder, copy))
  return `file:${copy}`
}

async function begin(folder: string, template: "react" | "vanilla", rookery: string | undefined): Promise<void> {
  const templates = join(ownFolder(), "templates")
  for (const part of ["shared", template]) await cp(join(templates, part), folder, { recursive: true })
  // npm leaves a file of this name out of a package.
  await rename(join(folder, "gitignore"), join(folder, ".gitignore"))
  const path = join(folder, "package.json")
  const manifest = JSON.parse(await readFile(path, "utf8")) as Manifest
  manifest.name = packageName(folder)
  manifest.dependencies["rookery"] = await dependency(rookery, folder)
  await writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`)
}

/** `rookery new`: creates a project. */
export const newProject: Command = {
  name: "new",
  usage: "<folder> [options]",
  arity: [1, 1],
  about: [
    "Creates a project in a new folder: a server, a contract that types both ends, a page, and a test.",
    "`npm run dev` in that folder serves everything on one port, and reloads changed files.",
  ].join("\n"),
  options: {
    react: { help: "a page with React" },
    rookery: {
      value: "version",
      help: "the version, or package file, of Rookery to depend on; this one by default",
      completes: "file",
    },
  },
  completes: "folder",
  examples: ["rookery new my-app", "rookery new my-app --react"],
  async run(args, { stdout }) {
    const [given = ""] = args.positionals
    const folder = resolve(given)
    if (isFile(folder)) throw new UsageError(`${given} is a file; give a new folder`)
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new UsageError(`${given} has files in it; give a new folder`)
    }
    const rookery = args.value("rookery")
    if (rookery !== undefined && looksLikeFile(rookery) && !isFile(rookery)) {
      throw new UsageError(`there is no package file ${rookery}; pass a file made by npm pack, or a version`)
    }
    await begin(folder, args.flag("react") ? "react" : "vanilla", rookery)
    const lines = [
      `${given} has a server, a page and a test. Next:`,
      "",
      `  cd ${quoted(given)}`,
      "  npm install",
      "  npm run dev    # at http://localhost:3000; open it in two tabs",
    ]
    stdout.write(`${lines.join("\n")}\n`)
    return EXIT.ok
  },
}
