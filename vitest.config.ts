import { availableParallelism } from "node:os"
import { defineConfig, type Plugin } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { PATIENCE } from "./spec/support/patience.js"

/** Gives the specs the WebSocket of `ws`, as the package does on Node. */
const nodePlatform: Plugin = {
  name: "node-platform",
  enforce: "pre",
  resolveId(source, importer) {
    if (!source.endsWith("/platform.js") || !importer?.includes("/lib/")) return undefined
    return this.resolve(source.replace(/\.js$/, ".node.js"), importer)
  },
}

const NODE = ["spec/**/*.node.spec.ts"]
/** They replace modules, so that no other file may share theirs. */
const MOCKS = [
  "spec/chat/server/lmdb-store.spec.ts",
  "spec/chat/server/mail.node.spec.ts",
  "spec/interop/same-api/transport.node.spec.ts",
]
const PACKAGING = ["spec/packaging/**/*.spec.ts"]
const BROWSER = ["spec/browser/**/*.spec.ts"]
const CONFORMANCE = ["spec/conformance/**/*.spec.ts"]
const CONSUMERS = ["spec/consumers/**/*.spec.ts"]

/** The files that take longest, the longest first. */
const LONG = [
  // Collects garbage for each measurement, which takes longer the more other specs have left in its worker's heap.
  "protocol/weight",
  "browser/chat-page",
  "hostile/decoders",
  "packaging/docs",
  "browser/page-life",
  "browser/liveview",
  "browser/page-places",
  "consumers/consumers",
  "conformance/runtimes",
  "conformance/servers",
  "browser/start-page",
  "browser/react",
  "browser/chat-page-access",
  "browser/chat-page-markup",
  "packaging/cli",
  "packaging/types",
  "packaging/packed",
  "cluster/deploy",
  "cluster/storm",
]

/** Begins with the files that take longest: otherwise one core has nothing to do at the end while the other runs them. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.includes(`/spec/${name}.`))
      return at === -1 ? LONG.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

/** Says once which specs this machine cannot run. */
const MACHINE = "spec/support/check-machine.ts"
/** Builds the package unless what is built is as new as the sources. */
const BUILD = "spec/packaging/build.ts"

/** The specs that `npm run test:quick` leaves out: they measure memory or time, or start processes. */
const NOT_QUICK = [
  "spec/**/*{weight,hostile,neutral,recordings,crash,nodes,lmdb-store,time-of-a-turn,lingering,tcp-connections}*.spec.ts",
]

/** Gives the tests of properties their seed. */
const SEED = "spec/support/one-outcome.ts"

const leftOut = (mode: string): string[] => (mode === "quick" ? NOT_QUICK : [])

export default defineConfig(({ mode }) => ({
  resolve: { tsconfigPaths: true },
  test: {
    expect: { requireAssertions: true, poll: PATIENCE },
    // A spec waits for what it waits for. This only ends one that hangs, and is no sum of how long its steps may take.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // By default vitest leaves one core to itself. The specs that take longest wait for programs that they start.
    maxWorkers: Math.max(2, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    projects: [
      // As on a platform that is not Node; a spec that wants a WebSocket there puts one in its place.
      {
        extends: true,
        test: {
          name: "lib",
          // The files of a worker share the modules that they import. Loading these anew for each costs more than the specs.
          isolate: false,
          globalSetup: MACHINE,
          setupFiles: SEED,
          include: ["spec/**/*.spec.ts"],
          exclude: [...NODE, ...MOCKS, ...PACKAGING, ...BROWSER, ...CONFORMANCE, ...CONSUMERS, ...leftOut(mode)],
        },
      },
      {
        extends: true,
        plugins: [nodePlatform],
        test: {
          name: "node",
          isolate: false,
          globalSetup: MACHINE,
          setupFiles: SEED,
          include: NODE,
          exclude: [...MOCKS, ...leftOut(mode)],
        },
      },
      {
        extends: true,
        plugins: [nodePlatform],
        test: { name: "mocks", globalSetup: MACHINE, include: MOCKS, exclude: leftOut(mode) },
      },
      {
        extends: true,
        test: {
          name: "packaging",
          isolate: false,
          include: PACKAGING,
          globalSetup: [MACHINE, BUILD],
        },
      },
      // The built package in a real Chromium. Each file starts a browser and servers of its own.
      {
        extends: true,
        test: {
          name: "browser",
          include: BROWSER,
          globalSetup: ["spec/browser/check-browser.ts", BUILD],
        },
      },
      // The packed package in projects of other people; missing tools are fetched first.
      {
        extends: true,
        test: {
          name: "consumers",
          include: CONSUMERS,
          globalSetup: BUILD,
          testTimeout: 900_000,
        },
      },
      // The packed package in every runtime; missing ones are fetched first.
      {
        extends: true,
        test: {
          name: "conformance",
          include: CONFORMANCE,
          globalSetup: BUILD,
          testTimeout: 900_000,
        },
      },
    ],
  },
}))
