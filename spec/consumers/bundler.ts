import { existsSync } from "node:fs"
import { join } from "node:path"
import { demand, node, same, type Ended } from "./consumer.js"
import { EVERYTHING, leavesOut, ONLY_A_SOCKET } from "./left-out.js"
import { PEERS, scriptOf, TALKED, type Place, type Stage } from "./stage.js"

/** The platform of a bundle. */
export type Platform = "browser" | "node"

/** A tool that makes one file of many. */
export interface Bundler {
  readonly name: string
  /** The packages that a project needs for it, each at one version. */
  readonly packages: readonly string[]
  readonly platforms: readonly Platform[]
  /** Bundles a file of `src/` into the file of that name in `dist/`, minified as for production. */
  bundle(place: Place, file: string, platform: Platform): Promise<Ended>
  /** Whether its output has no warning. */
  isQuiet(output: string): boolean
}

const HTML = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`
const PAGE = "globalThis.outcome = talk(`ws://${location.host}/socket`)\n"
const SERVICE = "void talk(process.argv[2]).then((said) => console.log(JSON.stringify(said)))\n"

const FILES = {
  "src/page.js": `import { talk } from "./talk.js"\n${PAGE}`,
  "src/required.js": `const { talk } = require("./talk.cjs")\n${PAGE}`,
  "src/node.js": `import { talk } from "./talk.js"\n${SERVICE}`,
  "src/everything.js": EVERYTHING,
  "src/socket.js": ONLY_A_SOCKET,
  "dist/page.html": HTML("page.js"),
  "dist/required.html": HTML("required.js"),
}

/** The checks for every bundler. */
export function bundlerShows(stage: Stage, bundler: Bundler): Record<string, () => Promise<void>> {
  let place: Place
  const build = async (file: string, platform: Platform): Promise<string> => {
    const { code, output } = await bundler.bundle(place, file, platform)
    demand(code === 0, output)
    demand(bundler.isQuiet(output), `it says:\n${output}`)
    return place.read(`dist/${file}`)
  }
  const talks = async (file: string): Promise<void> => {
    const page = await stage.page(`${bundler.name}/dist/${file}`)
    same(await page.evaluate(() => (globalThis as unknown as { outcome: Promise<string[]> }).outcome), TALKED)
  }
  return {
    "builds a page without a warning, and without the optional peers": async () => {
      place = await stage.project(bundler.name, bundler.packages)
      same(
        PEERS.filter((peer) => existsSync(join(place.folder, "node_modules", peer))),
        [],
      )
      place.write({ ...FILES, "src/talk.js": scriptOf("talk.ts"), "src/talk.cjs": scriptOf("talk.ts", "cjs") })
      await build("page.js", "browser")
    },
    "runs in Chromium: joins, pushes, is answered, refused and told": () => talks("page.html"),
    "does the same by require()": async () => {
      await build("required.js", "browser")
      await talks("required.html")
    },
    ...(bundler.platforms.includes("node") && {
      "builds for Node without a warning, and runs there": async () => {
        await build("node.js", "node")
        const { output } = await node(["dist/node.js", await stage.url()], place.folder)
        same(output.trim(), JSON.stringify(TALKED))
      },
    }),
    "leaves out what is not used": async () => {
      leavesOut(await build("everything.js", "browser"), await build("socket.js", "browser"))
    },
  }
}
