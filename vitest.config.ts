import { defineConfig, type Plugin } from "vitest/config"

/** What the package gives to Node: a WebSocket by `ws`. */
const nodePlatform: Plugin = {
  name: "node-platform",
  enforce: "pre",
  resolveId(source, importer) {
    if (!source.endsWith("/platform.js") || !importer?.includes("/lib/")) return undefined
    return this.resolve(source.replace(/\.js$/, ".node.js"), importer)
  },
}

const NODE = ["spec/**/*.node.spec.ts"]
const PACKAGING = ["spec/packaging/**/*.spec.ts"]
const BROWSER = ["spec/browser/**/*.spec.ts"]
const CONFORMANCE = ["spec/conformance/**/*.spec.ts"]
const CONSUMERS = ["spec/consumers/**/*.spec.ts"]

/** Says once which specs this machine cannot run. */
const MACHINE = "spec/support/check-machine.ts"
/** Builds the package unless what is built is as new as the sources. */
const BUILD = "spec/packaging/build.ts"

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    expect: { requireAssertions: true },
    projects: [
      // As on a platform that is not Node; a spec that wants a WebSocket there puts one in its place.
      {
        extends: true,
        test: {
          name: "lib",
          globalSetup: MACHINE,
          include: ["spec/**/*.spec.ts"],
          exclude: [...NODE, ...PACKAGING, ...BROWSER, ...CONFORMANCE, ...CONSUMERS],
        },
      },
      {
        extends: true,
        plugins: [nodePlatform],
        test: { name: "node", globalSetup: MACHINE, include: NODE },
      },
      {
        extends: true,
        test: {
          name: "packaging",
          include: PACKAGING,
          globalSetup: [MACHINE, BUILD],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      // What is built, in a real Chromium. One at a time: each starts a browser and servers of its own.
      {
        extends: true,
        test: {
          name: "browser",
          include: BROWSER,
          globalSetup: ["spec/browser/check-browser.ts", BUILD],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      // What is packed, in projects of other people's; tools that are not there are fetched first.
      {
        extends: true,
        test: {
          name: "consumers",
          include: CONSUMERS,
          globalSetup: BUILD,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      // What is packed, in every runtime; those that are not there are fetched first.
      {
        extends: true,
        test: {
          name: "conformance",
          include: CONFORMANCE,
          globalSetup: BUILD,
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
