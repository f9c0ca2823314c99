import { gzipSync } from "node:zlib"
import { build, type BuildOptions } from "esbuild"
import { ROOT } from "./build.js"

/** What an app that is bundled for a browser gets of the package. */
export interface Bundle {
  code: string
  /** Minified. */
  bytes: number
  /** Minified, and gzipped at level 9. */
  gzipped: number
  /** The files that are in it, from the root of the repository. */
  files: string[]
}

/** Bundles a program for a browser, as an app would that has the package installed. */
export async function bundle(program: string, options: BuildOptions = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: ROOT },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // Without this the paths of tsconfig.json lead to the sources.
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
