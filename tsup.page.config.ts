import { defineConfig } from "tsup"

/**
 * The chat's page, which is built after the library and of it: as an app that has the package installed would be, for
 * browsers, through its entry points.
 */
export default defineConfig({
  entry: { app: "lib/chat/page/main.ts" },
  outDir: "dist/page",
  publicDir: "lib/chat/page/static",
  format: "esm",
  platform: "browser",
  target: "es2022",
  noExternal: [/./],
  minify: true,
  silent: true,
  esbuildOptions(options) {
    // Without this the paths of tsconfig.json lead to the sources.
    delete options.tsconfig
    options.tsconfigRaw = {}
  },
})
