import { defineConfig, type Plugin } from "vitest/config"

/** The specs run in Node, so they get what the package gives to Node: a WebSocket by `ws`. */
const nodePlatform: Plugin = {
  name: "node-platform",
  enforce: "pre",
  resolveId(source, importer) {
    if (!source.endsWith("/platform.js") || !importer?.includes("/lib/")) return undefined
    return this.resolve(source.replace(/\.js$/, ".node.js"), importer)
  },
}

export default defineConfig({
  plugins: [nodePlatform],
  resolve: { tsconfigPaths: true },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "lib", include: ["spec/**/*.spec.ts"], exclude: ["spec/packaging/**"] },
      },
      {
        extends: true,
        test: {
          name: "packaging",
          include: ["spec/packaging/**/*.spec.ts"],
          globalSetup: "spec/packaging/build.ts",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
