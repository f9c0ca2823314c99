import { gzipSync } from "node:zlib"
import { build, type BuildOptions } from "esbuild"
import { ROOT } from "./build.js"

/** The bundle of an app for a browser. */
export interface Bundle {
  code: string
  /** The minified size. */
  bytes: number
  /** The size after minifying and gzip at level 9. */
  gzipped: number
  /** The files in it, by their paths from the root of the repository. */
  files: string[]
}

/** Bundles a program for a browser, as an app with the installed package would. */
export async function bundle(program: string, options: BuildOptions = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: ROOT },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // Without this, the paths of tsconfig.json would lead to the sources.
    tsconfigRaw: {},
    write: false,
    metafile: true,
    ...options,
  })
  const code = outputFiles?.[0]?.text ?? ""
  const [output] = Object.values(metafile?.outputs ?? {})
  const files = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return {
    code,
    bytes: Buffer.byteLength(code),
    gzipped: gzipSync(code, { level: 9 }).length,
    files: files.map(([file]) => file).filter((file) => file !== "<stdin>"),
  }
}
