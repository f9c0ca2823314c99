import { cpSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"
import { Socket, webSocket } from "rookery"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { ROOT } from "../packaging/build.js"
import { Program } from "../support/program.js"
import { binaryOf, PACKAGES } from "./binary.js"
import type { Project } from "../packaging/installed.js"
import { emptyProject } from "./project.js"
import { DENO_FLAGS, ready } from "./runtimes.js"
import { workerdConfig } from "./servers/runtimes.js"

let project: Project
beforeAll(async () => {
  project = await emptyProject()
})
afterAll(() => project.remove())

/** Copies an example's file into the project with the packed package. */
function copied(example: string, file: string): string {
  const path = join(project.folder, `${example}-${file}`)
  cpSync(join(ROOT, "examples", example, file), path)
  return path
}

/** A started example, and the pattern of the line that it prints with its port. */
interface Started {
  readonly program: Program
  readonly line: RegExp
}

/** Starts each example. */
const STARTS: Readonly<Record<string, () => Promise<() => Promise<Started>>>> = {
  async Bun() {
    const file = await binaryOf(PACKAGES.bun)
    return async () => ({ program: new Program(file, ["run", copied("bun", "server.ts")]), line: /:(\d+)\/socket$/ })
  },
  async Deno() {
    const file = await binaryOf(PACKAGES.deno)
    return async () => ({
      program: new Program(file, [...DENO_FLAGS, copied("deno", "server.ts")]),
      line: /:(\d+)\/socket$/,
    })
  },
  async workerd() {
    const file = await binaryOf(PACKAGES.workerd)
    return async () => {
      await build({
        entryPoints: [copied("workers", "worker.js")],
        outfile: join(project.folder, "example-worker.js"),
        bundle: true,
        format: "esm",
        platform: "neutral",
        conditions: ["workerd", "worker"],
        external: ["cloudflare:workers"],
        tsconfigRaw: {},
      })
      const config = project.write("example.capnp", workerdConfig("example-worker.js", ["main"]))
      return { program: new Program(file, ["serve", config, "--control-fd=1"]), line: /"event":"listen".*"port":(\d+)/ }
    }
  },
}

describe("the example", () => {
  it.for(Object.keys(STARTS))("the example for %s connects two clients in one room", async (name, { skip }) => {
    const start = await ready(name, STARTS)
    if (typeof start === "string") return skip(start)
    const { program, line } = await start()
    const sockets: Socket[] = []
    try {
      const [, port] = await program.printed(line)
      const enter = (): Socket => {
        const socket = new Socket(`ws://127.0.0.1:${port}/socket`, { transport: webSocket({ WebSocket }) })
        sockets.push(socket)
        socket.connect()
        return socket
      }
      const [ada, bob] = [await enter().join("room:1"), await enter().join("room:1")]
      const heard = new Promise((resolve) => void bob.on("shout", resolve))
      await ada.push("shout", { text: "hello" })
      expect(await heard).toEqual({ text: "hello" })
    } finally {
      for (const socket of sockets) socket.destroy()
      await program.kill()
    }
  })
})
