import { randomUUID } from "node:crypto"
import { fileURLToPath } from "node:url"
import { Presence, Socket, webSocket, type Channel } from "rookery"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { WebSocket } from "ws"
import type { Project } from "../packaging/installed.js"
import { NodeProcess } from "../support/node-process.js"
import { PATIENCE } from "../support/patience.js"
import { Program } from "../support/program.js"
import { HAS_REDIS } from "../support/redis-server.js"
import { redisSuite } from "../support/redis-suite.js"
import { binaryOf, PACKAGES } from "./binary.js"
import { bundleProgram, emptyProject } from "./project.js"
import { DENO_FLAGS, ready } from "./runtimes.js"

const NAMES = ["ada", "bob"]
const ALL = [1, 2, 3, 4]

const SUPPORT = fileURLToPath(new URL("../support", import.meta.url))

/** The start of a runtime's command line. */
type Command = readonly [file: string, ...flags: string[]]

const RUNTIMES: Readonly<Record<string, () => Promise<Command>>> = {
  Bun: async () => [await binaryOf(PACKAGES.bun), "run"],
  Deno: async () => [await binaryOf(PACKAGES.deno), ...DENO_FLAGS],
}

describe.skipIf(!HAS_REDIS)("a node with node-redis", () => {
  const suite = redisSuite()
  const { undo } = suite
  let project: Project
  let program: string
  beforeAll(async () => {
    project = await emptyProject("redis")
    program = await bundleProgram(project, "cluster-node", SUPPORT)
  })
  afterAll(() => project.remove())

  async function start([file, ...flags]: Command, prefix: string): Promise<NodeProcess> {
    const args = [...flags, program, `--redis=${suite.server.url}`, `--prefix=${prefix}`]
    const node = NodeProcess.of(new Program(file, args))
    undo.push(() => node.program.kill())
    return node.ready()
  }

  function enter(node: NodeProcess, name: string): Socket {
    const transport = webSocket({ WebSocket })
    const socket = new Socket(`ws://127.0.0.1:${node.port}/socket`, { transport, params: { name } })
    undo.push(() => socket.destroy())
    socket.connect()
    return socket
  }

  /** Joins a room, and gives the names of those who are there and the texts that are said. */
  async function visit(socket: Socket): Promise<{ room: Channel; names: () => string[]; heard: unknown[] }> {
    const room = socket.channel("room:1")
    const presence = new Presence(room)
    const heard: unknown[] = []
    room.on("shout", ({ text }) => heard.push(text))
    await room.join()
    return { room, names: () => Object.keys(presence.state).sort(), heard }
  }

  /** Follows a topic with a history, also over times without a connection. */
  async function follow(socket: Socket): Promise<{ log: Channel; numbers: number[] }> {
    const log = socket.channel("log:1", {}, { recover: true })
    const numbers: number[] = []
    log.on("added", ({ n }) => numbers.push(n))
    await log.join()
    return { log, numbers }
  }

  it.for(Object.keys(RUNTIMES))("on %s and one on Node are one", async (name, { skip }) => {
    const command = await ready(name, RUNTIMES)
    if (typeof command === "string") {
      console.warn(command)
      return skip(command)
    }
    const prefix = randomUUID()
    const [here, there] = await Promise.all([start([process.execPath], prefix), start(command, prefix)])
    const [ada, bob] = [enter(here, "ada"), enter(there, "bob")]

    const [adas, bobs] = [await visit(ada), await visit(bob)]
    await vi.waitFor(() => expect([adas.names(), bobs.names()]).toEqual([NAMES, NAMES]), PATIENCE)
    await adas.room.push("shout", { text: "from Node" })
    await bobs.room.push("shout", { text: "to Node" })
    const both = ["from Node", "to Node"]
    await vi.waitFor(() => expect([adas.heard.toSorted(), bobs.heard.toSorted()]).toEqual([both, both]), PATIENCE)
    await vi.waitFor(async () => {
      expect([await here.do("count room:1"), await there.do("count room:1")]).toEqual(["2", "2"])
    }, PATIENCE)

    const [adaFollows, bobFollows] = [await follow(ada), await follow(bob)]
    let n = 0
    for (const [away, its, other] of [
      [bob, bobFollows, adaFollows],
      [ada, adaFollows, bobFollows],
    ] as const) {
      await other.log.push("add", { n: ++n })
      await vi.waitFor(() => expect(its.numbers).toContain(n), PATIENCE)
      const recovered = new Promise((resolve) => void its.log.onRecovered(resolve))
      away.disconnect()
      await other.log.push("add", { n: ++n })
      away.connect()
      expect(await recovered).toEqual({ recovered: true })
    }
    await vi.waitFor(() => {
      expect([adaFollows.numbers, bobFollows.numbers]).toEqual([ALL, ALL])
    }, PATIENCE)

    await suite.server.kill()
    await Promise.all([here, there].map((node) => node.program.printed(/^unhealthy$/)))
    await suite.server.start()
    await Promise.all([here, there].map((node) => node.program.printed(/^healthy$/)))
    await vi.waitFor(() => expect([adas.names(), bobs.names()]).toEqual([NAMES, NAMES]), PATIENCE)
    // It is said again until it is heard, because a node may be healthy before the other has subscribed again.
    for (const [from, to] of [
      [adas, bobs],
      [bobs, adas],
    ] as const) {
      const text = `together, says ${from === adas ? "ada" : "bob"}`
      await vi.waitFor(async () => {
        await from.room.push("shout", { text })
        expect(to.heard).toContain(text)
      }, PATIENCE)
    }

    there.program.type("close")
    expect(await there.program.ended()).toBe(0)
    await vi.waitFor(() => expect(adas.names()).toEqual(["ada"]), PATIENCE)
  })
})
