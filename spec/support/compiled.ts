import { buildSync } from "esbuild"
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))
/** This folder is not within node_modules, where the package would not find itself by its name. */
const FOLDER = join(ROOT, ".cache/programs")

const made = new Map<string, string>()

/**
 * Bundles a program of the specs into one JavaScript file, and returns its path. Specs start such programs many times;
 * Node starts one file in a third of the time of a loader that compiles each module.
 *
 * @param program its path in the repository; it runs from another folder, without the files beside its source
 * @param takes whether it imports Rookery from its sources, or the built package as a user does
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
      // Without the paths of tsconfig.json, imports of the package stay imports.
      ...(takes === "package" && { tsconfigRaw: {} }),
    })
    // Workers may compile the same program at the same time: the rename shows them whole files only.
    renameSync(outfile, file)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  made.set(program, file)
  return file
}
