import { fileURLToPath } from "node:url"
import { defineConfig, type Plugin } from "vitest/config"

const lib = (file: string): string => fileURLToPath(new URL(`lib/${file}`, import.meta.url))

/** Swaps the platform file as the build for Node does. */
const nodePlatform: Plugin = {
  name: "node-platform",
  enforce: "pre",
  resolveId: (source) => (source.endsWith("/platform.js") ? lib("transport/platform.node.ts") : null),
}

export default defineConfig({
  plugins: [nodePlatform],
  resolve: {
    alias: [
      { find: /^rookery$/, replacement: lib("index.ts") },
      { find: /^rookery\/(msgpack|phoenix|server|testing)$/, replacement: lib("$1.ts") },
    ],
  },
  test: { include: ["spec/**/*.spec.ts"] },
})
