import { build } from "esbuild"
import { gzipSync } from "node:zlib"
import fs from "node:fs"
for (const [n, c] of [
  ["all", 'export * from "./lib/index.ts"'],
  ["Socket", 'export {Socket} from "./lib/index.ts"'],
]) {
  const r = await build({
    stdin: { contents: c, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    metafile: true,
  })
  fs.writeFileSync(`/tmp/${n}.js`, r.outputFiles[0].text)
  console.log(n, r.outputFiles[0].contents.length, gzipSync(r.outputFiles[0].contents, { level: 9 }).length)
  if (n == "Socket")
    for (const [f, i] of Object.entries(Object.values(r.metafile.outputs)[0].inputs).sort(
      (a, b) => b[1].bytesInOutput - a[1].bytesInOutput,
    ))
      console.log("  ", f, i.bytesInOutput)
}
