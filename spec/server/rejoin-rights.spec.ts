import { afterEach, describe, expect, it, vi } from "vitest"
import { Socket, webSocket, type SocketOptions } from "rookery"
import { Refused, type Endpoint } from "rookery/server"
import WS from "ws"
import { backends, type MakeNodes } from "../support/backends.js"
import { PATIENCE } from "../support/patience.js"
import { stages, type Stage } from "../support/stage.js"
import { answer, type WireClient, type WireFrame } from "../support/wire-client.js"

const stage = stages()
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const ROOM = "room:1"
const SECRET = "for those who may know"

interface House {
  readonly nodes: Stage[]
  readonly rights: Set<string>
  /** Whose right was looked at, in order. */
  readonly asked: string[]
  /** Says something in the room, and waits until it is kept. */
  say(text: string): Promise<void>
}

async function house(clusters: MakeNodes): Promise<House> {
  const rights = new Set(["ada", "bob"])
  const asked: string[] = []
  const build = (endpoint: Endpoint): void =>
    void endpoint.channel("room:*", {
      history: { size: 10, ttl: 60_000 },
      async join({ socket }) {
        const { name } = socket.assigns
        asked.push(name)
        // As a look into a database would.
        await new Promise(setImmediate)
        if (!rights.has(name)) throw new Refused({ reason: "unauthorized" })
        return {}
      },
    })
  const connect = ({ params }: { params: Record<string, unknown> }): { id: string; assigns: object } => ({
    id: `user:${String(params["name"])}`,
    assigns: { name: params["name"] },
  })
  const nodes: Stage[] = []
  for (const cluster of await clusters(2)) nodes.push(await stage({ cluster, connect }, build))
  const say = async (text: string): Promise<void> => {
    await nodes[1]?.endpoint.broadcast(ROOM, "said", { text })
  }
  return { nodes, rights, asked, say }
}

const node = ({ nodes }: House, index: number): Stage => nodes[index] as Stage

async function until(client: WireClient, ref: string): Promise<{ reply: unknown; before: WireFrame[] }> {
  const before: WireFrame[] = []
  for (;;) {
    const frame = await client.next()
    if ((frame as unknown[])[1] === ref) return { reply: answer(frame), before }
    before.push(frame)
  }
}

const UNAUTHORIZED = { status: "error", response: { reason: "unauthorized" } }
const UNMATCHED = { status: "error", response: { reason: "unmatched topic" } }

describe.each(backends())("a room with a history, %s,", (_name, clusters) => {
  it.each([0, 1])("asks for the right at every join, also of who recovers, on node %i", async (index) => {
    const home = await house(clusters)
    const first = await node(home, 0).connect({ query: { name: "ada" } })
    first.send("1", "1", ROOM, "phx_join", { recover: { id: "a" } })
    const { reply } = await until(first, "1")
    const { epoch } = (reply as { response: { recover: { epoch: string } } }).response.recover
    await first.close()
    await home.say("while away")
    for (const ref of ["1", "2", "3"]) {
      const back = await node(home, index).connect({ query: { name: "ada" } })
      back.send(ref, ref, ROOM, "phx_join", { recover: { id: "a", epoch, offset: 0 } })
      expect((await until(back, ref)).reply).toMatchObject({ response: { recover: { recovered: true } } })
      expect(await back.next()).toEqual([null, null, ROOM, "said", { text: "while away" }, 1])
      // Joins again on the same connection.
      back.send(`${ref}b`, `${ref}b`, ROOM, "phx_join", { recover: { id: "a", epoch, offset: 1 } })
      await until(back, `${ref}b`)
      await back.close()
    }
    expect(home.asked).toEqual(Array.from({ length: 7 }, () => "ada"))
  })

  it.each([0, 1])("gives nothing of it to whose right was taken meanwhile, on node %i", async (index) => {
    const home = await house(clusters)
    const first = await node(home, 0).connect({ query: { name: "ada" } })
    first.send("1", "1", ROOM, "phx_join", { recover: { id: "a" } })
    const { reply } = await until(first, "1")
    const { epoch } = (reply as { response: { recover: { epoch: string } } }).response.recover
    first.socket.terminate()
    home.rights.delete("ada")
    await home.say(SECRET)
    const back = await node(home, index).connect({ query: { name: "ada" } })
    const seen: WireFrame[] = []
    const joins = [
      { recover: { id: "a", epoch, offset: 0 } },
      { recover: { id: "of another", epoch, offset: 0 } },
      { recover: { id: "a" } },
      {},
    ]
    for (const [at, params] of joins.entries()) {
      const ref = `j${at}`
      back.send(ref, ref, ROOM, "phx_join", params)
      // Right behind it, before it is known whether the join comes to anything, and after.
      back.send(ref, `${ref} h`, ROOM, "phx_history", { since: 0 })
      await home.say(SECRET)
      for (const [key, expected] of [
        [ref, UNAUTHORIZED],
        [`${ref} h`, UNMATCHED],
      ] as const) {
        const { reply, before } = await until(back, key)
        expect(reply).toEqual(expected)
        seen.push(...before)
      }
      back.send(null, `${ref} again`, ROOM, "phx_history", {})
      expect((await until(back, `${ref} again`)).reply).toEqual(UNMATCHED)
    }
    await home.say(SECRET)
    seen.push(...(await back.fence()))
    expect(JSON.stringify(seen)).not.toContain(SECRET)
    expect(await node(home, index).endpoint.count(ROOM)).toBe(0)
  })

  it("gives nothing of it to a client of the library that was sent away and comes back by itself", async () => {
    const home = await house(clusters)
    const options: SocketOptions = {
      params: { name: "ada" },
      transport: webSocket({ WebSocket: WS as never }),
      reconnectAfterMs: () => 1,
      rejoinAfterMs: () => 1,
    }
    const socket = new Socket(`ws://127.0.0.1:${node(home, 0).port}/socket`, options)
    sockets.push(socket)
    const heard: unknown[] = []
    const refusals: unknown[] = []
    const room = socket.channel(ROOM, {}, { recover: true })
    room.on("said", (message) => heard.push(message))
    socket.connect()
    const join = room.join()
    join.receive("error", (response) => refusals.push(response))
    await join
    await home.say("for all")
    await vi.waitFor(() => expect(heard).toEqual([{ text: "for all" }]), PATIENCE)
    home.rights.delete("ada")
    await node(home, 1).endpoint.disconnect("user:ada")
    await home.say(SECRET)
    await vi.waitFor(() => expect(refusals.length).toBeGreaterThan(2), PATIENCE)
    const told: unknown[] = []
    const history = Promise.resolve(room.history()).then((answer) => void told.push(answer))
    // Twice more refused, so that it had its time.
    const count = refusals.length
    await vi.waitFor(() => expect(refusals.length).toBeGreaterThan(count + 1), PATIENCE)
    expect(told).toEqual([])
    expect(heard).toEqual([{ text: "for all" }])
    expect(refusals[0]).toEqual({ reason: "unauthorized" })
    // With the right restored, the missed message arrives, so it was still kept.
    home.rights.add("ada")
    await vi.waitFor(() => expect(heard).toEqual([{ text: "for all" }, { text: SECRET }]), PATIENCE)
    await history
    expect(JSON.stringify(told)).toContain(SECRET)
  })
})
