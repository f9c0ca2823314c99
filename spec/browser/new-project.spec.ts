import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { node, type Ended } from "../consumers/consumer.js"
import { ROOT, TARBALL } from "../packaging/build.js"
import { installPacked, type Project } from "../packaging/installed.js"
import { launchChromium, openPage } from "../support/chromium.js"
import { Program } from "../support/program.js"
import { faultsOf } from "./accessibility.js"
import { complaintsOf } from "./complaints.js"

/** The packages of the templates, and of Rookery, at the versions that this repository has. */
const PACKAGES = [
  "@types/node",
  "@types/react",
  "@types/react-dom",
  "@vitejs/plugin-react",
  "csstype",
  "mitt",
  "msgpackr",
  "react",
  "react-dom",
  "tsx",
  "typescript",
  "undici-types",
  "vite",
  "ws",
]

const TSX = join(ROOT, "node_modules/tsx/dist/cli.mjs")

const browser = await launchChromium()
afterAll(() => browser?.close())

describe.each([
  ["with a page of plain TypeScript", []],
  ["with a page of React", ["--react"]],
])("a project by rookery new, %s", (_, options) => {
  let place: Project
  let folder: string
  const run = (...args: string[]): Promise<Ended> => node(args, folder)

  beforeAll(async () => {
    // The project is in a folder of its parent's packages, so that it needs no network to be installed.
    place = await installPacked(PACKAGES)
    folder = join(place.folder, "My App")
    const cli = join(place.folder, "node_modules/rookery/dist/cli.js")
    const { code, output } = await node([cli, "new", "My App", ...options, "--rookery", TARBALL], place.folder)
    expect(code).toBe(0)
    expect(output.split("\n").slice(1)).toEqual([
      "",
      "  cd 'My App'",
      "  npm install",
      "  npm run dev    # at http://localhost:3000; open it in two tabs",
      "",
    ])
  })
  afterAll(() => place.remove())

  it("depends on what was asked for, under a name that npm takes", () => {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string
      dependencies: Record<string, string>
    }
    expect([manifest.name, manifest.dependencies["rookery"]]).toEqual(["my-app", "file:vendor/rookery.tgz"])
    expect(readFileSync(join(folder, "vendor/rookery.tgz")).equals(readFileSync(TARBALL))).toBe(true)
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toContain("node_modules")
  })

  it("says what to do where it is started before it is built", async () => {
    const { code, output } = await run("--import", "tsx", "server/main.ts", "--production")
    expect(code).toBe(1)
    expect(output).toContain("there is no dist: run `npm run build` first")
  })

  it("has types and tests that pass", async () => {
    expect(await run(join(ROOT, "node_modules/typescript/bin/tsc"))).toEqual({ code: 0, output: "" })
    const { code, output } = await run(TSX, "--test", "test/rooms.test.ts")
    expect(output).toMatch(/pass 3/)
    expect(code).toBe(0)
  })

  describe.skipIf(!browser)("in a browser", () => {
    const pages: Page[] = []
    const complaints: string[] = []
    afterEach(async () => {
      await Promise.all(pages.splice(0).map((page) => page.context().close()))
      complaints.length = 0
    })

    const open = async (url: string): Promise<Page> => {
      if (!browser) throw new Error("there is no browser")
      const page = await openPage(browser)
      pages.push(page)
      // Each guest has a name of its own.
      await page.addInitScript((random) => {
        Math.random = () => random
      }, pages.length / 10)
      complaintsOf(page, { types: ["error"], list: complaints })
      await page.goto(url)
      await page.getByRole("status").getByText("connected", { exact: true }).waitFor()
      return page
    }

    /** Two tabs meet, one says something, and the other hears it. */
    async function meet(url: string): Promise<void> {
      const [ada, bob] = [await open(url), await open(url)]
      await ada.getByText(/^Here now: Guest \d+, Guest \d+$/).waitFor()
      await bob.getByLabel("Message", { exact: true }).fill("hello <b>you</b>")
      // In one task of the page: no answer can come between the click and what is typed next.
      await bob.getByLabel("Message", { exact: true }).evaluate((field: HTMLInputElement) => {
        field.form?.requestSubmit()
        field.value = "  "
      })
      await ada.getByRole("list", { name: "Messages" }).getByText("hello <b>you</b>").waitFor()
      await bob.getByRole("button", { name: "Send" }).click()
      await bob
        .getByRole("alert")
        .getByText(/^a message has 1 to 500 characters$/)
        .waitFor()
      expect(await faultsOf(ada)).toEqual([])
      // A tab that comes later shows what was said before.
      const eve = await open(url)
      await eve.getByRole("list", { name: "Messages" }).getByText("hello <b>you</b>").waitFor()
      // A page that is left open would complain of the server's end.
      await Promise.all([ada, bob, eve].map((page) => page.context().close()))
      expect(complaints).toEqual([])
    }

    /** Starts the server, and has two tabs meet. Returns how the server ends when it is asked to. */
    const meetAt = async (...args: string[]): Promise<unknown> => {
      const server = new Program(process.execPath, args, { PORT: "0" }, folder)
      try {
        const [, url = ""] = await server.printed(/^Open (\S+)$/)
        await meet(url)
        return await server.kill("SIGTERM")
      } finally {
        await server.kill()
      }
    }

    it("talks between two tabs while it is worked on", async () => {
      // Vite ends the process before the endpoint has closed.
      expect([0, 143]).toContain(await meetAt(TSX, "server/main.ts"))
    })

    it("talks between two tabs when it is built, and ends in order", async () => {
      expect(await run(join(ROOT, "node_modules/vite/bin/vite.js"), "build")).toMatchObject({ code: 0 })
      expect(await meetAt("--import", "tsx", "server/main.ts", "--production")).toBe(0)
    })
  })
})

describe("rookery new", () => {
  it("leaves a folder alone that has files in it", async () => {
    const place = await installPacked([])
    try {
      place.write("my-app/notes.txt", "mine")
      const cli = join(place.folder, "node_modules/rookery/dist/cli.js")
      expect(await node([cli, "new", "my-app"], place.folder)).toEqual({
        code: 64,
        output: "rookery: my-app has files in it; give a new folder\n",
      })
    } finally {
      place.remove()
    }
  })

  it("takes no file for a folder", async () => {
    const place = await installPacked([])
    try {
      place.write("my-app", "mine")
      const cli = join(place.folder, "node_modules/rookery/dist/cli.js")
      expect(await node([cli, "new", "my-app"], place.folder)).toEqual({
        code: 64,
        output: "rookery: my-app is a file; give a new folder\n",
      })
    } finally {
      place.remove()
    }
  })

  it("begins nothing with a package file that is not there", async () => {
    const place = await installPacked([])
    try {
      const cli = join(place.folder, "node_modules/rookery/dist/cli.js")
      expect(await node([cli, "new", "my-app", "--rookery", "./rookery.tgz"], place.folder)).toEqual({
        code: 64,
        output: "rookery: there is no package file ./rookery.tgz; pass a file made by npm pack, or a version\n",
      })
      expect(existsSync(join(place.folder, "my-app"))).toBe(false)
    } finally {
      place.remove()
    }
  })
})
