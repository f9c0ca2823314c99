import { build } from "esbuild"
import { ROOT } from "../packaging/build.js"

/** The program of a page, by its path from the root of the repository: the sources in one script. */
export async function pageScript(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${ROOT}/${path}`],
    absWorkingDir: ROOT,
    bundle: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    logLevel: "error",
    write: false,
  })
  return outputFiles[0]?.text ?? ""
}
