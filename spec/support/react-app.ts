import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type BuildOptions } from "esbuild"
import type { Shown } from "../browser/react/app.js"
import { runNode } from "../packaging/run-node.js"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

/** The versions of React that the hooks support, and the packages that bring them. */
export const REACTS: [version: string, alias: Record<string, string>][] = [
  ["18", { react: "react-18", "react-dom": "react-dom-18" }],
  ["19", {}],
]

/** Bundles a program of the specs with a version of React, as an app with the installed package would. */
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
    // Without this, the paths of tsconfig.json would lead to the sources.
    tsconfigRaw: {},
    write: false,
    ...options,
  })
  return outputFiles?.[0]?.text ?? ""
}

/** A page as the server renders it. */
export interface Rendered {
  html: string
  /** The sockets and timers that keep the process alive after the rendering. */
  begun: string[]
  /** The code of the error where a hook has no provider. */
  stray: string
}

/** Renders the page of the specs in a separate Node process, which has to end by itself. */
export async function renderOnServer(alias: Record<string, string>, shown: Shown): Promise<Rendered> {
  const folder = mkdtempSync(join(tmpdir(), "rookery-react-"))
  try {
    const file = join(folder, "server-side.cjs")
    const program = await bundleReact("browser/react/server-side.tsx", alias, { platform: "node", format: "cjs" })
    writeFileSync(file, program)
    return (await runNode([file, JSON.stringify(shown)])) as Rendered
  } finally {
    rmSync(folder, { recursive: true })
  }
}
