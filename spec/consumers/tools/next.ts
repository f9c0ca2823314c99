import { cpSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import type { Page } from "playwright-core"
import { ROOT } from "../../packaging/build.js"
import { complaintsOf } from "../../browser/complaints.js"
import { Program } from "../../support/program.js"
import { TcpProxy } from "../../support/tcp-proxy.js"
import { demand, node, same, type Consumer } from "../consumer.js"
import type { Place, Stage } from "../stage.js"

const EXAMPLE = join(ROOT, "examples/next")

interface Manifest {
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
}
const manifest = JSON.parse(readFileSync(join(EXAMPLE, "package.json"), "utf8")) as Manifest

/** All packages but Rookery itself, which is installed from the packed file. */
const PACKAGES = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
  .filter(([name]) => name !== "rookery")
  .map(([name, version]) => `${name}@${version}`)

const NEXT = "node_modules/next/dist/bin/next"
const QUIET = { NEXT_TELEMETRY_DISABLED: "1" }
/** Files that only an example in use has. */
const MADE = ["node_modules", ".next", "next-env.d.ts", "package.json"]

/** Opens the page in a tab, and collects its complaints. */
async function visit(stage: Stage, url: string, complaints: string[]): Promise<Page> {
  const page = await stage.page("about:blank")
  complaintsOf(page, { list: complaints })
  await page.goto(url)
  await page.locator('section[aria-busy="false"]').waitFor()
  return page
}

/** Serves the example by the command of its README, and calls `visited` meanwhile. */
async function serve(folder: string, mode: "start" | "dev", visited: (url: string, line: TcpProxy) => Promise<void>) {
  const endpoint = new Program(process.execPath, [join(folder, "endpoint.js")], { PORT: "0" })
  let next: Program | undefined
  try {
    const [, port] = await endpoint.printed(/^The endpoint is at ws:\/\/localhost:(\d+)\/socket$/)
    await using line = await TcpProxy.to(Number(port))
    const env = { ...QUIET, SOCKET_URL: `ws://127.0.0.1:${line.port}/socket` }
    next = new Program(process.execPath, [join(folder, NEXT), mode, folder, "-p", "0", "-H", "127.0.0.1"], env)
    const [, url = ""] = await next.printed(/Local:\s+(http:\S+)/)
    await visited(url, line)
    same(/warn|error/i.exec(next.output)?.[0] ?? "", "")
  } finally {
    await next?.kill()
    await endpoint.kill()
  }
}

async function talk(stage: Stage, url: string): Promise<void> {
  const complaints: string[] = []
  const [ada, bob] = [await visit(stage, url, complaints), await visit(stage, url, complaints)]
  await bob.getByLabel("Your name").fill("Bob")
  await bob.getByRole("textbox", { name: "Message" }).fill("hi, Ada")
  await bob.getByRole("button", { name: "Send" }).click()
  await ada.getByRole("listitem").filter({ hasText: "Bob hi, Ada" }).waitFor()
  await ada.getByRole("textbox", { name: "Message" }).fill(" ")
  await ada.getByRole("button", { name: "Send" }).click()
  await ada.getByRole("alert").filter({ hasText: "was refused" }).waitFor()
  await Promise.all([ada.close(), bob.close()])
  same(complaints, [])
}

/** The example, used as its README describes. */
export const next: Consumer = {
  name: "Next.js",
  quick: false,
  version: () => manifest.dependencies["next"] ?? "",
  shows: (stage) => {
    let place: Place
    return {
      "builds the example, with types, and without a warning": async () => {
        place = await stage.project("next", PACKAGES, { type: "module" })
        cpSync(EXAMPLE, place.folder, { recursive: true, filter: (path) => !MADE.includes(basename(path)) })
        const { code, output } = await node([NEXT, "build"], place.folder, QUIET)
        demand(code === 0 && !/warn|error|reconfigured/i.test(output), output)
      },
      "connects to nothing while it renders on the server": () =>
        serve(place.folder, "start", async (url, line) => {
          for (let i = 0; i < 3; i++) {
            const html = await (await fetch(url)).text()
            demand(/role="status">disconnected</.test(html) && html.includes('aria-busy="true"'), html)
          }
          same(line.tried, 0)
        }),
      "joins in Chromium, and two pages talk": () => serve(place.folder, "start", (url) => talk(stage, url)),
      "does so while it is worked on, in StrictMode": () => serve(place.folder, "dev", (url) => talk(stage, url)),
    }
  },
}
