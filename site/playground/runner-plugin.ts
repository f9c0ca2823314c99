import { build } from "esbuild"
import { join } from "node:path"
import { ROOT } from "../documents.js"

const NAME = "virtual:playground-runner"
const RESOLVED = `\0${NAME}`

const lib = (file: string): string => join(ROOT, "lib", file)

/** The program of the playground's worker, as a module that exports its text. */
async function runner(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "site/playground/runner/runner.ts")],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    alias: { rookery: lib("index.ts"), "rookery/msgpack": lib("msgpack.ts"), "rookery/panel": lib("panel.ts") },
    define: { "process.env.NODE_ENV": '"production"' },
  })
  return `export default ${JSON.stringify(outputFiles[0]?.text)}`
}

/** Gives the playground its runner: Vite bundles workers to files, and the sandboxed frame loads none. */
export const playgroundRunner = {
  name: "rookery-playground-runner",
  resolveId: (id: string): string | undefined => (id === NAME ? RESOLVED : undefined),
  load: (id: string): Promise<string> | undefined => (id === RESOLVED ? runner() : undefined),
}
