import { createHash } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build, type BuildOptions } from "esbuild"
import { nodePlatform } from "./node-platform.js"

/*
 * `npm start`: builds the demo and the chat out of the sources, and nothing else, unless they are built from the same
 * sources already, and runs them. The whole build takes many times as long, because it makes declarations.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url))
/** Each build has a folder here, named by the digest of its sources. */
const BUILDS = join(ROOT, ".build/start")
const SOURCES = [
  "build/node-platform.ts",
  "build/start.ts",
  "examples/start",
  "lib",
  "package-lock.json",
  "tsconfig.json",
]

function* filesAt(path: string): Generator<string> {
  if (/\.\w+$/.test(path)) return yield path
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) yield join(entry.parentPath, entry.name)
  }
}

/** A digest of the contents: a checkout or a copy changes the times of files, and not what is in them. */
function digestOfSources(): string {
  const hash = createHash("sha256")
  const files = SOURCES.flatMap((source) => [...filesAt(join(ROOT, source))]).sort()
  for (const file of files) {
    const content = readFileSync(file)
    hash.update(`${relative(ROOT, file)}\0${content.length}\0`).update(content)
  }
  return hash.digest("hex")
}

async function buildInto(folder: string): Promise<void> {
  const page = join(folder, "page")
  mkdirSync(page, { recursive: true })
  const common: BuildOptions = {
    bundle: true,
    format: "esm",
    target: "es2022",
    // Its paths lead from the entry points of the package to the sources.
    tsconfig: join(ROOT, "tsconfig.json"),
    absWorkingDir: ROOT,
    logLevel: "error",
  }
  await Promise.all([
    build({
      ...common,
      entryPoints: ["examples/start/main.ts"],
      outdir: folder,
      platform: "node",
      splitting: true,
      sourcemap: true,
      packages: "external",
      plugins: [nodePlatform],
    }),
    build({
      ...common,
      entryPoints: { demo: "examples/start/page/main.ts", app: "lib/chat/page/main.ts" },
      outdir: page,
      platform: "browser",
      minify: true,
    }),
  ])
  const files = [
    ["examples/start/page/index.html", "index.html"],
    ["examples/start/page/demo.css", "demo.css"],
    ["lib/chat/page/static/index.html", "chat.html"],
    ["lib/chat/page/static/style.css", "style.css"],
    ["lib/chat/page/static/icon.svg", "icon.svg"],
  ]
  for (const [from = "", to = ""] of files) copyFileSync(join(ROOT, from), join(page, to))
}

/** Builds aside and moves the result into place, so that two starts at once do not disturb each other. */
async function buildOnce(target: string): Promise<void> {
  const aside = join(BUILDS, `unfinished-${process.pid}`)
  await buildInto(aside)
  for (const former of readdirSync(BUILDS)) {
    const path = join(BUILDS, former)
    // Another start may have built the same in the meantime, and run it.
    if (/^[\da-f]{64}$/.test(former) && path !== target) rmSync(path, { recursive: true, force: true })
  }
  try {
    renameSync(aside, target)
  } catch (error) {
    if (!existsSync(target)) throw error
    rmSync(aside, { recursive: true })
  }
}

const target = join(BUILDS, digestOfSources())
if (existsSync(target)) console.log("Nothing has changed since the last build.")
else {
  console.log("Building the demo and the chat…")
  await buildOnce(target)
}
await import(pathToFileURL(join(target, "main.js")).href)
