import { createHash } from "node:crypto"
import { transformSync } from "esbuild"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { TARBALL } from "../packaging/build.js"
import { launchChromium, openPage } from "../support/chromium.js"
import { fetched, isOffline, npm, npmSays, Unavailable } from "../support/fetched.js"
import { Program } from "../support/program.js"
import { linkTree } from "./link-tree.js"

const HERE = fileURLToPath(new URL(".", import.meta.url))

/** The optional peers, which these projects leave out unless they name them. */
export const PEERS = ["capnweb", "lmdb", "nodemailer", "phoenix", "react", "redis"]

/** The result of {@link talk} if everything works. */
export const TALKED = ["json: hi, 2, refused", "msgpack: hi, 2, refused"]

/** A source of this folder as JavaScript, as a module of either kind. */
export const scriptOf = (name: string, format: "esm" | "cjs" = "esm"): string =>
  transformSync(readFileSync(join(HERE, name), "utf8"), { loader: "ts", format, target: "es2022" }).code

/** The version of a package in a folder. */
export const versionOf = (name: string, folder: string): string =>
  (JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")) as { version: string }).version

/** A new project of a user, with the packed package installed by npm. */
export interface Place {
  readonly folder: string
  /** Writes files of the project. */
  write(files: Readonly<Record<string, string>>): void
  read(name: string): string
}

const dependenciesOf = (folder: string): object =>
  (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { dependencies: object }).dependencies

/** Installs the packed package by npm into a folder with a manifest. */
async function install(folder: string): Promise<void> {
  try {
    await npm(["install", "--prefer-offline", "--no-audit", "--no-fund", TARBALL], folder)
  } catch (error) {
    const why = `npm does not install the packed package: ${npmSays(error)}`
    throw isOffline(error) ? new Unavailable(why) : new Error(why, { cause: error })
  }
  if (!existsSync(join(folder, "node_modules/rookery/dist/index.js"))) throw new Error("npm has installed nothing")
}

/** The packed package, an endpoint that uses it, and the projects that connect to it. */
export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), "rookery-consumers-"))
  /** The folders of installations, by the packages beside Rookery: npm would install the same for each such project. */
  readonly #installed = new Map<string, string>()
  #server: Program | undefined
  #browser: Browser | undefined
  #port = 0

  /** The URL of the endpoint, which runs in a separate project. */
  async url(): Promise<string> {
    if (!this.#server) {
      const { folder, write } = await this.project("endpoint", [])
      write({ "server.mjs": scriptOf("programs/server.ts") })
      this.#server = new Program(process.execPath, [join(folder, "server.mjs"), this.#folder])
      this.#port = Number((await this.#server.printed(/^port (\d+)$/))[1])
    }
    return `ws://127.0.0.1:${this.#port}/socket`
  }

  /**
   * Makes a project with the packed package, installed by npm.
   *
   * @param packages its packages beside Rookery, each at one version; fetched at the first use
   */
  async project(name: string, packages: readonly string[], manifest: object = {}): Promise<Place> {
    const folder = join(this.#folder, name)
    mkdirSync(folder)
    const write = (files: Readonly<Record<string, string>>): void => {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, file)), { recursive: true })
        writeFileSync(join(folder, file), text)
      }
    }
    const twin = this.#installed.get(packages.join())
    if (twin === undefined) {
      let dependencies = {}
      if (packages.length) {
        const [first = ""] = packages
        const rest = createHash("sha256").update(packages.join()).digest("hex").slice(0, 8)
        const tree = await fetched("rookery-consumers", `${first.replace("/", "+")}-${rest}`, packages)
        linkTree(join(tree, "node_modules"), join(folder, "node_modules"))
        dependencies = dependenciesOf(tree)
      }
      write({ "package.json": JSON.stringify({ name, private: true, ...manifest, dependencies }) })
      await install(folder)
      this.#installed.set(packages.join(), folder)
    } else {
      linkTree(join(twin, "node_modules"), join(folder, "node_modules"))
      write({
        "package.json": JSON.stringify({ name, private: true, ...manifest, dependencies: dependenciesOf(twin) }),
      })
    }
    return { folder, write, read: (file) => readFileSync(join(folder, file), "utf8") }
  }

  /** Opens a page of a project by its path in the folder of all projects, or a page of the project's own server. */
  async page(path: string): Promise<Page> {
    this.#browser ??= await launchChromium()
    if (!this.#browser) throw new Unavailable("no Chromium starts here")
    await this.url()
    const page = await openPage(this.#browser)
    await page.goto(/^(https?|about):/.test(path) ? path : `http://127.0.0.1:${this.#port}/${path}`)
    return page
  }

  async close(): Promise<void> {
    await this.#browser?.close()
    await this.#server?.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
