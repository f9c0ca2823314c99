import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The folder of the bundles: outside of the tree, but where Node still finds the packages. */
const OUT = "../../node_modules/.cache/rookery-bench/"

/** The bundle of the worker. */
export const WORKER: string = at(`${OUT}worker.js`)

/** Rookery from another checkout: the subject, and the name of its bundles. */
export const BEFORE = "rookery-before"

/** The entries of a tree's libraries, by the names of their bundles. */
function librariesOf(tree: string, name: string): { client: Record<string, string>; server: Record<string, string> } {
  const entry = (file: string): string => join(tree, "lib", file)
  return {
    client: { [name]: entry("index.ts") },
    server: { [`${name}-server`]: entry("server.ts"), [`${name}-redis`]: entry("redis.ts") },
  }
}

/** Bundles as users do: both libraries minified by the same bundler, unless a profile is to be read. */
export async function bundle(minify: boolean, before?: string): Promise<void> {
  await libraries(minify, librariesOf(at("../.."), "rookery"), {
    "rookery-msgpack": at("../../lib/msgpack.ts"),
    phoenix: "phoenix",
  })
  // One build for each tree, because otherwise they would share chunks.
  if (before !== undefined) await libraries(minify, librariesOf(before, BEFORE))
  await build({
    entryPoints: { worker: at("worker.ts"), "server-process": at("../server/server-process.ts") },
    outdir: at(OUT),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Other libraries are loaded from their packages, as in the programs that use them.
    packages: "external",
    sourcemap: true,
    logLevel: "warning",
  })
}

async function libraries(
  minify: boolean,
  { client, server }: ReturnType<typeof librariesOf>,
  peers: Record<string, string> = {},
): Promise<void> {
  await build({
    entryPoints: { ...client, ...peers },
    outdir: at(OUT),
    bundle: true,
    minify,
    format: "esm",
    target: "es2022",
    external: ["msgpackr"],
    sourcemap: true,
    logLevel: "warning",
  })
  await build({
    entryPoints: server,
    outdir: at(OUT),
    bundle: true,
    splitting: true,
    minify,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: true,
    logLevel: "warning",
  })
}
