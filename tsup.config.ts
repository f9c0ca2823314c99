import { readdirSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Plugin } from "esbuild"
import { defineConfig, type Options } from "tsup"
import { inspectPage } from "./build/inspect-page.js"
import { nodePlatform } from "./build/node-platform.js"

/** The command: run, and never imported. */
const COMMAND = "cli.ts"

// Every other file of lib/ that is in no folder is an entry point.
const entries = Object.fromEntries(
  readdirSync("lib")
    .filter((name) => name.endsWith(".ts") && name !== COMMAND)
    .map((name) => [name.slice(0, -".ts".length), `lib/${name}`]),
)

// `rookery/server` on the runtimes that are not Node: the conditions of package.json lead there.
const servers = Object.fromEntries(
  ["bun", "deno", "web", "workers"].map((name) => [`server-${name}`, `lib/runtime/${name}/server.ts`]),
)

// Every entry point, of either platform, throws errors of the same classes: they stay a module of their own.
const ERRORS = "lib/protocol/errors.ts"

const sharedErrors = (path: string): Plugin => ({
  name: "shared-errors",
  setup(build) {
    const extension = build.initialOptions.format === "cjs" ? ".cjs" : ".js"
    build.onResolve({ filter: /\/errors\.js$/ }, (args) => {
      const isErrors = join(args.resolveDir, args.path) === resolve(ERRORS.replace(/ts$/, "js"))
      return isErrors ? { path: path + extension, external: true } : undefined
    })
  },
})

/** Outside Node `msgpackr` is an ES module alone, which not every `require` takes; this file of it is CommonJS anywhere. */
const portableMsgpackr: Plugin = {
  name: "portable-msgpackr",
  setup(build) {
    build.onResolve({ filter: /^msgpackr$/ }, () => ({ path: "msgpackr/index-no-eval", external: true }))
  },
}

/**
 * Where files share code, esbuild has each import every file that it leads to, for the order in which they would run.
 * None does anything when it runs, and every bundler that is told so complains of such an import.
 */
const onlyImportsOfNames: NonNullable<Options["plugins"]>[number] = {
  name: "only-imports-of-names",
  // The empty line keeps the source map right.
  renderChunk: (code) => ({ code: code.replaceAll(/^import "\.[^"]+";$/gm, "") }),
}

const common: Options = {
  format: ["esm", "cjs"],
  target: "es2022",
  sourcemap: true,
  external: [/^rookery(\/|$)/],
  silent: true,
  plugins: [onlyImportsOfNames],
  esbuildOptions(options) {
    // The sources are in the package.
    options.sourcesContent = false
    // Puts a constant where its name is, across the files: an app's minifier sees only the variable that is left of it.
    options.minifySyntax = true
  },
}

// Here, once: the two builds run side by side, and the one would clean away what the other has just written.
rmSync("dist", { recursive: true, force: true })

export default defineConfig([
  {
    ...common,
    entry: { ...entries, ...servers, errors: ERRORS },
    outDir: "dist",
    esbuildPlugins: [sharedErrors("./errors"), inspectPage],
    dts: {
      banner: '/// <reference lib="esnext.disposable" />',
      compilerOptions: { ignoreDeprecations: "6.0", stripInternal: true },
    },
  },
  {
    ...common,
    entry: { index: "lib/index.ts", chat: "lib/chat.ts", "chat-worker": "lib/chat/node/worker.ts" },
    outDir: "dist/node",
    esbuildPlugins: [nodePlatform, sharedErrors("../errors")],
  },
  {
    ...common,
    entry: { msgpack: "lib/msgpack.ts" },
    format: "cjs",
    outDir: "dist/portable",
    // Left to the plugin.
    noExternal: ["msgpackr"],
    esbuildPlugins: [portableMsgpackr, sharedErrors("../errors")],
  },
  {
    ...common,
    entry: { cli: `lib/${COMMAND}` },
    format: "esm",
    outDir: "dist",
    esbuildOptions(options) {
      options.sourcesContent = false
      options.chunkNames = "cli/[name]-[hash]"
    },
  },
])
