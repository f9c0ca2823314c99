import { readFileSync } from "node:fs"
import { join } from "node:path"
import { build, type Plugin } from "esbuild"

/** The build runs in the folder of the repository. */
const PAGE = "lib/inspect/page"

const STATIC: readonly (readonly [path: string, file: string, type: string])[] = [
  ["/", "index.html", "text/html; charset=utf-8"],
  ["/style.css", "style.css", "text/css; charset=utf-8"],
  ["/icon.svg", "icon.svg", "image/svg+xml"],
]

/** The files of the inspector's page, by their paths. */
async function pageFiles(): Promise<Record<string, { type: string; body: string }>> {
  const { outputFiles } = await build({
    entryPoints: [join(PAGE, "main.ts")],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    write: false,
  })
  const files = STATIC.map(([path, file, type]) => [
    path,
    { type, body: readFileSync(join(PAGE, "static", file), "utf8") },
  ])
  const script = { type: "text/javascript; charset=utf-8", body: outputFiles[0]?.text ?? "" }
  return { ...Object.fromEntries(files), "/app.js": script }
}

/** Puts the inspector's page into the file that serves it. */
export const inspectPage: Plugin = {
  name: "inspect-page",
  setup(build) {
    build.onLoad({ filter: /[\\/]lib[\\/]inspect[\\/]page-files\.ts$/ }, async () => ({
      contents: `export const PAGE_FILES = ${JSON.stringify(await pageFiles())}`,
      loader: "js",
    }))
  },
}
