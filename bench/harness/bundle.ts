import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Where the bundles are put: outside of the tree, but where Node still finds the packages. */
const OUT = "../../node_modules/.cache/rookery-bench/"

/** The worker to start. */
export const WORKER: string = at(`${OUT}worker.js`)

/** What is measured is what users ship: both libraries minified (unless a profile is to be read), by the same bundler. */
export async function bundle(minify: boolean): Promise<void> {
  await build({
    entryPoints: {
      rookery: at("../../lib/index.ts"),
      "rookery-msgpack": at("../../lib/msgpack.ts"),
      phoenix: "phoenix",
    },
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
    entryPoints: { "rookery-server": at("../../lib/server.ts"), "rookery-redis": at("../../lib/redis.ts") },
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
  await build({
    entryPoints: { worker: at("worker.ts"), "server-process": at("../server/server-process.ts") },
    outdir: at(OUT),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // What is compared with is read from its packages, as people who use it do.
    packages: "external",
    sourcemap: true,
    logLevel: "warning",
  })
}
