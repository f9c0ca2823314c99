import { buildSync } from "esbuild"
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))
/** Not within node_modules: there the package would not find itself by its name. */
const FOLDER = join(ROOT, ".cache/programs")

const made = new Map<string, string>()

/**
 * A program of the specs as one file of JavaScript, and its path. Specs start such programs many times: Node needs a
 * third of the time for one file that it needs with a loader that compiles each module.
 *
 * @param program its path in the repository; it runs from another folder, and finds no files beside itself
 * @param takes whether it imports Rookery from its sources, or as a user does: the package as it is built
 */
export function compiled(program: string, takes: "sources" | "package" = "sources"): string {
  const known = made.get(program)
  if (known !== undefined) return known
  mkdirSync(FOLDER, { recursive: true })
  const file = join(FOLDER, program.replaceAll("/", "+").replace(/ts$/, "mjs"))
  const unfinished = mkdtempSync(join(FOLDER, "unfinished-"))
  try {
    const outfile = join(unfinished, "program.mjs")
    buildSync({
      entryPoints: [program],
      absWorkingDir: ROOT,
      outfile,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "error",
      // Without the paths of tsconfig.json the names of the package stay imports.
      ...(takes === "package" && { tsconfigRaw: {} }),
    })
    // Workers may compile the same program at the same time: each file that is there is whole.
    renameSync(outfile, file)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  made.set(program, file)
  return file
}
