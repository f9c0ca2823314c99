import { join } from "node:path"
import type { Plugin } from "esbuild"

/** In Node the default WebSocket is that of `ws`. */
export const nodePlatform: Plugin = {
  name: "node-platform",
  setup(build) {
    build.onResolve({ filter: /\/platform\.js$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path).replace(/\.js$/, ".node.ts"),
    }))
  },
}
