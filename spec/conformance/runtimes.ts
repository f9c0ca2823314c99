import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { launchChromium, openPage } from "../support/chromium.js"
import { Program } from "../support/program.js"
import { binaryOf, PACKAGES, type BinaryPackage } from "./binary.js"
import type { ConformanceProject } from "./project.js"
import type { Server } from "./stage.js"
import type { conformance, Report } from "./suite.js"

const LIMIT_MS = 800_000

/** A runtime that is ready. */
export interface Ready {
  /** Runs the suite in it. */
  run(project: ConformanceProject, server: Server): Promise<Report>
  close(): Promise<void>
}

/** Runs the suite as a program, which has to end by itself, because it leaves nothing behind. */
function commandLine(file: string, ...flags: string[]): Ready {
  return {
    async run({ command, folder }, { url, control }) {
      const args = [...flags, command, url, control]
      const { stdout } = await promisify(execFile)(file, args, { cwd: folder, timeout: LIMIT_MS })
      return JSON.parse(stdout) as Report
    },
    close: () => Promise.resolve(),
  }
}

/** The Node that runs this file if it has the same major version, else an installed one. */
export async function nodeOf(binary: BinaryPackage): Promise<string> {
  const line = (version: string): string => version.replace(/^v/, "").split(".")[0] ?? ""
  return line(binary.version) === line(process.version) ? process.execPath : binaryOf(binary)
}

const node = async (binary: BinaryPackage): Promise<Ready> => commandLine(await nodeOf(binary))

async function chromium(): Promise<Ready> {
  const browser = await launchChromium()
  if (!browser) throw new Error("none starts; set CHROMIUM_PATH to one")
  return {
    async run(_project, server) {
      const page = await openPage(browser)
      await page.goto(server.control)
      return page.evaluate(
        (server) => (globalThis as unknown as { conformance: typeof conformance }).conformance(server),
        server,
      )
    },
    close: () => browser.close(),
  }
}

/** The configuration of a Worker that may reach this machine, on a free port. */
const workerdConfig = (worker: string): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed ${JSON.stringify(worker)})],
      compatibilityDate = "2026-11-01",
    )),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`

async function workerd(): Promise<Ready> {
  const file = await binaryOf(PACKAGES.workerd)
  return {
    async run(project, { url, control }) {
      const config = project.write("config.capnp", workerdConfig("worker.js"))
      // workerd writes its port to the given file descriptor.
      const program = new Program(file, ["serve", config, "--control-fd=1"])
      try {
        const [, port] = await program.printed(/"event":"listen".*"port":(\d+)/)
        const response = await fetch(`http://127.0.0.1:${port}/?${new URLSearchParams({ url, control })}`, {
          signal: AbortSignal.timeout(LIMIT_MS),
        })
        const text = await response.text()
        if (!response.ok) throw new Error(`${response.status} ${text}\n${program.output}`)
        return JSON.parse(text) as Report
      } finally {
        await program.kill()
      }
    },
    close: () => Promise.resolve(),
  }
}

/** The flags with which Deno runs a program of a project that has its packages. */
export const DENO_FLAGS: readonly string[] = ["run", "--quiet", "--node-modules-dir=manual", "--allow-all"]

/** All runtimes of the suite, and the way to get each. */
export const RUNTIMES: Readonly<Record<string, () => Promise<Ready>>> = {
  Chromium: chromium,
  "Node 20": () => node(PACKAGES.node20),
  "Node 22": () => node(PACKAGES.node22),
  "Node 24": () => node(PACKAGES.node24),
  Bun: async () => commandLine(await binaryOf(PACKAGES.bun), "run"),
  Deno: async () => commandLine(await binaryOf(PACKAGES.deno), ...DENO_FLAGS),
  workerd,
}

/** The runtime, or the reason why this machine lacks it; in CI all runtimes have to be there. */
export async function ready<T>(
  name: string,
  runtimes: Readonly<Record<string, () => Promise<T>>>,
): Promise<T | string> {
  try {
    return await (runtimes[name] as () => Promise<T>)()
  } catch (error) {
    if (process.env["CI"]) throw new Error(`${name} has to run in CI`, { cause: error })
    const [why] = (error instanceof Error ? error.message : String(error)).split("\n")
    return `${name} is left out: ${why}`
  }
}

/** Runs the suite in a runtime, against a new server. */
export async function runIn(runtime: Ready, project: ConformanceProject): Promise<Report> {
  const program = new Program(process.execPath, [project.server])
  try {
    const [line] = await program.printed(/^\{"url".*/)
    return await runtime.run(project, JSON.parse(line) as Server)
  } finally {
    await program.kill()
  }
}
