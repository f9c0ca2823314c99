import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type BuildOptions } from "esbuild"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

/** The versions of React that the hooks are for, and the packages by which they are there. */
export const REACTS: [version: string, alias: Record<string, string>][] = [
  ["18", { react: "react-18", "react-dom": "react-dom-18" }],
  ["19", {}],
]

/** Bundles a program of the specs with a version of React, as an app would that has the package installed. */
export async function bundleReact(
  file: string,
  alias: Record<string, string>,
  options: BuildOptions = {},
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "spec", file)],
    absWorkingDir: ROOT,
    bundle: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    alias,
    // StrictMode mounts twice only in development.
    define: { "process.env.NODE_ENV": '"development"' },
    // Without this the paths of tsconfig.json lead to the sources.
    tsconfigRaw: {},
    write: false,
    ...options,
  })
  return outputFiles?.[0]?.text ?? ""
}
