import { join } from "node:path"
import { ROOT } from "../../packaging/build.js"
import { Program } from "../../support/program.js"
import { bundlerShows, type Bundler } from "../bundler.js"
import { node, same, type Consumer } from "../consumer.js"
import { scriptOf, TALKED, versionOf } from "../stage.js"

const BIN = join(ROOT, "node_modules/vite/bin/vite.js")

const CONFIG = `
export default {
  logLevel: "info",
  build: {
    target: "es2022",
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: process.env.ENTRY, output: { entryFileNames: "[name].js" } },
  },
}
`

const bundler: Bundler = {
  name: "vite",
  packages: [],
  platforms: ["browser"],
  bundle({ folder, write }, file) {
    write({ "vite.config.mjs": CONFIG })
    return node([BIN, "build"], folder, { ENTRY: `src/${file}` })
  },
  isQuiet: (output) => !/warn|error|externalized|\(!\)/i.test(output),
}

const PAGE = (url: string): string =>
  `<!doctype html><script type="module">import { talk } from "/talk.js"; globalThis.outcome = talk("${url}")</script>`

export const vite: Consumer = {
  name: "Vite",
  quick: true,
  version: () => versionOf("vite", ROOT),
  shows: (stage) => ({
    ...bundlerShows(stage, bundler),
    "serves the same page while it is worked on": async () => {
      const { folder, write } = await stage.project("vite-dev", [])
      write({ "talk.js": scriptOf("talk.ts"), "index.html": PAGE(await stage.url()) })
      const program = new Program(process.execPath, [BIN, folder, "--port", "0", "--host", "127.0.0.1"])
      try {
        const [, url = ""] = await program.printed(/(http:\/\/127\.0\.0\.1:\d+\/)/)
        const page = await stage.page(url)
        same(await page.evaluate(() => (globalThis as unknown as { outcome: Promise<string[]> }).outcome), TALKED)
        same(/warn|error/i.exec(program.output)?.[0] ?? "", "")
      } finally {
        await program.kill()
      }
    },
  }),
}
