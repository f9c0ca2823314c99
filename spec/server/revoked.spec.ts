import { once } from "node:events"
import { describe, expect, it, vi } from "vitest"
import { WebSocket } from "ws"
import { MemoryCluster, MemoryHub, type Endpoint, type EndpointOptions } from "rookery/server"
import { Gate } from "../support/gate.js"
import { PATIENCE } from "../support/patience.js"
import { PollClient } from "../support/poll-client.js"
import { stages, type Stage } from "../support/stage.js"
import { answer, type WireClient, type WireFrame } from "../support/wire-client.js"

const stage = stages()

interface House {
  readonly nodes: [Stage, Stage]
  /** The users that may connect and join the room. */
  readonly rights: Set<string>
  readonly heard: string[]
  readonly gate: Gate
}

/** Two nodes of one endpoint, where rights are looked up, and can be taken. */
async function house(): Promise<House> {
  const hub = new MemoryHub()
  const rights = new Set(["ada", "bob"])
  const heard: string[] = []
  const options: EndpointOptions = {
    connect: ({ params: { name } }) => rights.has(String(name)) && { id: `user:${String(name)}`, assigns: { name } },
  }
  const made: House = { nodes: [] as unknown as [Stage, Stage], rights, heard, gate: new Gate() }
  const build = (endpoint: Endpoint): void => {
    endpoint.channel("room:*", {
      history: { size: 10, ttl: 60_000 },
      async join({ topic, params, socket }) {
        const mayEnter = rights.has(socket.assigns.name)
        // A slow request between the check of the right and the answer.
        if (params["slowly"]) await made.gate.wait()
        if (!mayEnter) return Promise.reject(new Error("no right"))
        return { topic }
      },
      joined: (room) => room.track(room.assigns.name, {}),
      receive: {
        say: (payload, room) => void room.broadcast("said", payload),
        async think(payload, room) {
          await made.gate.wait()
          room.push("thought", payload)
          room.track("ghost", {})
          await room.broadcast("said", payload)
          heard.push("the handler came to its end")
          return { thought: true }
        },
      },
    })
    endpoint.gateway("/ws", {
      connect: ({ params: { name } }) => ({ id: `user:${String(name)}` }),
    })
  }
  for (let i = 0; i < 2; i++) made.nodes.push(await stage({ ...options, cluster: new MemoryCluster(hub) }, build))
  return made
}

const ROOM = "room:1"
/** The frames that have arrived so far, without those of presence. */
const told = async (client: WireClient | PollClient): Promise<WireFrame[]> =>
  (await client.fence()).filter((frame) => !String((frame as unknown[])[3]).startsWith("presence_"))

async function until(client: WireClient | PollClient, isIt: (frame: unknown[]) => boolean): Promise<WireFrame> {
  for (;;) {
    const frame = await client.next()
    if (isIt(frame as unknown[])) return frame
  }
}

const isClose = ([, , topic, event]: unknown[]): boolean => topic === ROOM && event === "phx_close"

/** Joins, and gives the reply. */
async function join(client: WireClient | PollClient, ref: string, params: object = {}, topic = ROOM): Promise<unknown> {
  await client.send(ref, ref, topic, "phx_join", params)
  const frame = await until(client, (frame) => frame[1] === ref)
  await client.fence()
  return answer(frame)
}

const events = (frames: WireFrame[]): unknown[] => frames.map((frame) => (frame as unknown[])[3])

/** The same client over both ways. */
const WAYS: [name: string, connect: (node: Stage, name: string) => Promise<WireClient | PollClient>][] = [
  ["a websocket", (node, name) => node.connect({ query: { name } })],
  ["long-poll", (node, name) => PollClient.connect(node.port, { query: { name } })],
]

/** Whether its own node or another one is told. */
const NODES: [name: string, index: 0 | 1][] = [
  ["its own node", 0],
  ["another node", 1],
]

async function expectGone(client: WireClient | PollClient): Promise<void> {
  if (client instanceof PollClient) {
    await expect(client.next()).rejects.toThrow("the session is gone")
    expect(await client.send("9", "9", ROOM, "say", {})).toBe(410)
  } else expect(await client.closed()).toBe(1001)
}

describe.each(WAYS)("somebody who came in over %s", (_way, connect) => {
  describe.each(NODES)("and is sent away by %s", (_node, by) => {
    it("is gone from rooms and presences, hears nothing more, and does not come in again", async () => {
      const { nodes, rights } = await house()
      const bob = await nodes[0].connect({ query: { name: "bob" } })
      const ada = await connect(nodes[0], "ada")
      await join(bob, "1")
      await join(ada, "1")
      await vi.waitFor(() => expect(Object.keys(nodes[0].endpoint.presences(ROOM))).toEqual(["bob", "ada"]), PATIENCE)
      rights.delete("ada")
      await nodes[by].endpoint.disconnect("user:ada")
      await nodes[0].endpoint.broadcast(ROOM, "said", "a secret")
      await expectGone(ada)
      expect(Object.keys(nodes[0].endpoint.presences(ROOM))).toEqual(["bob"])
      await expect(connect(nodes[0], "ada")).rejects.toThrow("403")
      // And nobody else.
      expect(events(await bob.fence())).toContain("said")
    })

    it("says nothing any more by a handler that is still running", async () => {
      const { nodes, gate, heard } = await house()
      const bob = await nodes[0].connect({ query: { name: "bob" } })
      const ada = await connect(nodes[0], "ada")
      await join(bob, "1")
      await join(ada, "1")
      void ada.send("1", "2", ROOM, "think", "evil")
      await gate.begun
      await nodes[by].endpoint.disconnect("user:ada")
      gate.open()
      await vi.waitFor(() => expect(heard).toEqual(["the handler came to its end"]), PATIENCE)
      expect(events(await bob.fence())).not.toContain("said")
      expect(Object.keys(nodes[0].endpoint.presences(ROOM))).toEqual(["bob"])
      await expectGone(ada)
    })

    it("is not let into a room by a join that is under way", async () => {
      const { nodes, gate } = await house()
      const ada = await connect(nodes[0], "ada")
      void ada.send("1", "1", ROOM, "phx_join", { slowly: true })
      await gate.begun
      await nodes[by].endpoint.disconnect("user:ada")
      gate.open()
      await expectGone(ada)
      expect(await nodes[0].endpoint.count(ROOM)).toBe(0)
    })
  })

  describe.each(NODES)("and is kicked out of a room by %s", (_node, by) => {
    it("is told so, hears nothing more of it, and says nothing to it, until it is let in again", async () => {
      const { nodes, rights } = await house()
      const ada = await connect(nodes[0], "ada")
      await join(ada, "1")
      await join(ada, "2", {}, "room:2")
      rights.delete("ada")
      await nodes[by].endpoint.kick(ROOM, "user:ada")
      await nodes[0].endpoint.broadcast(ROOM, "said", "a secret")
      expect(await until(ada, isClose)).toEqual(["1", "1", ROOM, "phx_close", {}])
      expect(await told(ada)).toEqual([])
      await ada.send("1", "7", ROOM, "say", "hello?")
      expect(answer(await ada.next())).toEqual({ status: "error", response: { reason: "unmatched topic" } })
      await ada.send("1", "8", ROOM, "phx_history", {})
      expect(answer(await ada.next())).toEqual({ status: "error", response: { reason: "unmatched topic" } })
      const again = await join(ada, "9", { recover: { id: "a", epoch: "x", offset: 0 } })
      expect(again).toEqual({ status: "error", response: { reason: "join crashed" } })
      expect(Object.keys(nodes[0].endpoint.presences(ROOM))).toEqual([])
      // Nor out of any other.
      await nodes[0].endpoint.broadcast("room:2", "said", "still here")
      expect(events(await told(ada))).toEqual(["said"])
    })

    it("says nothing any more by a handler that is still running", async () => {
      const { nodes, gate, heard } = await house()
      const bob = await nodes[0].connect({ query: { name: "bob" } })
      const ada = await connect(nodes[0], "ada")
      await join(bob, "1")
      await join(ada, "1")
      void ada.send("1", "2", ROOM, "think", "evil")
      await gate.begun
      await nodes[by].endpoint.kick(ROOM, "user:ada")
      gate.open()
      await vi.waitFor(() => expect(heard).toEqual(["the handler came to its end"]), PATIENCE)
      expect(await until(ada, isClose)).toEqual(["1", "1", ROOM, "phx_close", {}])
      expect(await told(ada)).toEqual([])
      expect(events(await bob.fence())).not.toContain("said")
      expect(Object.keys(nodes[0].endpoint.presences(ROOM))).toEqual(["bob"])
    })

    it("is not let in by a join whose right was looked at before, nor told what it missed", async () => {
      const { nodes, gate, rights } = await house()
      const ada = await connect(nodes[0], "ada")
      const first = (await join(ada, "1", { recover: { id: "a" } })) as { response: { recover: { epoch: string } } }
      await ada.send("1", "2", ROOM, "phx_leave", {})
      await until(ada, isClose)
      await nodes[0].endpoint.broadcast(ROOM, "said", "a secret")
      const recover = { id: "a", epoch: first.response.recover.epoch, offset: 0 }
      await ada.send("5", "5", ROOM, "phx_join", { slowly: true, recover })
      await gate.begun
      // A push that is sent directly after the join is not answered either.
      await ada.send("5", "6", ROOM, "phx_history", {})
      rights.delete("ada")
      await nodes[by].endpoint.kick(ROOM, "user:ada")
      gate.open()
      expect(await told(ada)).toEqual([
        ["5", "5", ROOM, "phx_reply", { status: "error", response: { reason: "kicked" } }],
        [null, "6", ROOM, "phx_reply", { status: "error", response: { reason: "unmatched topic" } }],
      ])
      expect(await nodes[0].endpoint.count(ROOM)).toBe(0)
      rights.add("ada")
      expect(await join(ada, "9")).toMatchObject({ status: "ok" })
    })
  })
})

describe("a node that cannot tell the others", () => {
  it("sends its own away, says so, and does not fall over where nobody waits for that", async () => {
    class Away extends MemoryCluster {
      override command(): Promise<void> {
        return Promise.reject(new Error("away"))
      }
    }
    const unheard: unknown[] = []
    const hear = (error: unknown): void => void unheard.push(error)
    process.on("unhandledRejection", hear)
    const { endpoint, connect } = await stage({ cluster: new Away(), connect: () => ({ id: "user:ada" }) }, (made) =>
      made.channel("room:*", {}),
    )
    const reported: unknown[] = []
    endpoint.on("error", ({ where, error }) => reported.push(`${where}: ${String(error)}`))
    const ada = await connect()
    await ada.join(ROOM)
    void endpoint.kick(ROOM, "user:ada")
    expect(await ada.next()).toEqual(["1", "1", ROOM, "phx_close", {}])
    void endpoint.disconnect("user:ada")
    expect(await ada.closed()).toBe(1001)
    await expect(endpoint.disconnect("user:ada")).rejects.toThrow("away")
    await expect(endpoint.kick(ROOM, "user:ada")).rejects.toThrow("away")
    await new Promise(setImmediate)
    process.off("unhandledRejection", hear)
    expect(unheard).toEqual([])
    expect(reported).toHaveLength(4)
  })
})

describe.each(NODES)("a client of a gateway that is sent away by %s", (_node, by) => {
  it("goes, and nobody else does", async () => {
    const { nodes } = await house()
    const open = async (name: string): Promise<WebSocket> => {
      const socket = new WebSocket(`ws://127.0.0.1:${nodes[0].port}/ws?name=${name}`)
      await once(socket, "open")
      return socket
    }
    const [ada, again, bob] = [await open("ada"), await open("ada"), await open("bob")]
    const gone = Promise.all([once(ada, "close"), once(again, "close")])
    await nodes[by].endpoint.disconnect("user:ada")
    expect((await gone).map(([code]) => code)).toEqual([1001, 1001])
    expect(nodes[0].endpoint.counters().rookery_gateway_clients).toBe(1)
    bob.terminate()
    await vi.waitFor(() => expect(nodes[0].endpoint.counters().rookery_gateway_clients).toBe(0), PATIENCE)
    await nodes[0].endpoint.disconnect("user:bob")
  })
})
