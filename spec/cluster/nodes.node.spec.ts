import { randomUUID } from "node:crypto"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Presence, Socket, type Channel } from "rookery"
import { NodeProcess } from "../support/node-process.js"
import { HAS_REDIS } from "../support/redis-server.js"
import { redisSuite } from "../support/redis-suite.js"
import { PATIENCE } from "../support/patience.js"

/** The lease of a node. The default is four times as long. */
const LEASE_MS = 1500

/** A list with the same value for each client. */
const same = <T>(count: number, what: T): T[] => Array.from({ length: count }, () => what)

/** A client in a room. */
class Client {
  readonly socket: Socket
  readonly channel: Channel
  readonly presence: Presence
  readonly heard: unknown[] = []

  constructor(port: number, name: string, topic: string) {
    this.socket = new Socket(`ws://127.0.0.1:${port}/socket`, { params: { name } })
    this.channel = this.socket.channel(topic)
    this.presence = new Presence(this.channel)
    this.channel.on("shout", (payload) => this.heard.push(payload))
  }

  get names(): string[] {
    return Object.keys(this.presence.state).sort()
  }

  get metas(): number {
    return Object.values(this.presence.state).reduce((sum, { metas }) => sum + metas.length, 0)
  }
}

describe.skipIf(!HAS_REDIS)("endpoints in processes of their own, over Redis", () => {
  const suite = redisSuite()
  const { undo } = suite
  let prefix: string
  afterEach(() => {
    prefix = ""
  })

  async function nodes(count: number): Promise<NodeProcess[]> {
    prefix ||= randomUUID()
    const options = { redis: suite.server.url, prefix, lease: LEASE_MS }
    const started = Array.from({ length: count }, () => NodeProcess.start(options))
    for (const node of started) {
      undo.push(() => node.program.kill())
      await node.ready()
    }
    return started
  }

  async function client(node: NodeProcess, name: string, topic = "room:1"): Promise<Client> {
    const made = new Client(node.port, name, topic)
    undo.push(() => made.socket.disconnect())
    void made.socket.connect()
    await made.channel.join()
    return made
  }

  it("are one: broadcasts, presences, counts and disconnects reach all of them", async () => {
    const [a, b, c] = (await nodes(3)) as [NodeProcess, NodeProcess, NodeProcess]
    const [ada, bob, cleo] = await Promise.all([client(a, "ada"), client(b, "bob"), client(c, "cleo")])
    const all = [ada, bob, cleo]
    await vi.waitFor(() => expect(all.map(({ names }) => names)).toEqual(same(3, ["ada", "bob", "cleo"])), PATIENCE)
    await ada.channel.push("shout", { text: "hello" })
    await vi.waitFor(() => expect(all.map(({ heard }) => heard)).toEqual(same(3, [{ text: "hello" }])), PATIENCE)
    expect(await b.do("count room:1")).toBe("3")
    // Nodes that answer late are left out of the count.
    await vi.waitFor(async () => expect(await b.do("count")).toBe("3"), PATIENCE)
    const closed = new Promise<unknown>((resolve) => cleo.socket.onClose(resolve))
    await a.do("disconnect user:cleo")
    await closed
    cleo.socket.disconnect()
    await vi.waitFor(() => expect(ada.names).toEqual(["ada", "bob"]), PATIENCE)
    await a.do("kick room:1 user:bob")
    await vi.waitFor(() => expect([bob.channel.state, ada.names]).toEqual(["closed", ["ada"]]), PATIENCE)
    // This holds on a node without clients in the room too.
    expect(await c.do("names room:1")).toBe("ada")
    // A client that joins late sees all others at once.
    const dora = await client(b, "dora")
    await vi.waitFor(() => expect(dora.names).toEqual(["ada", "dora"]), PATIENCE)
  })

  it("share the history of a topic, whoever wrote it", async () => {
    const [a, b] = (await nodes(2)) as [NodeProcess, NodeProcess]
    const [ada, bob] = await Promise.all([client(a, "ada", "log:1"), client(b, "bob", "log:1")])
    await ada.channel.push("add", { n: 1 })
    await bob.channel.push("add", { n: 2 })
    await ada.channel.push("add", { n: 3 })
    const { messages } = (await bob.channel.push("phx_history", { limit: 10 })) as { messages: unknown[] }
    expect(messages).toHaveLength(3)
    expect(JSON.stringify(messages)).toMatch(/"n":1.*"n":2.*"n":3/)
  })

  it("take away the presences of one that is killed, within a bounded time", async () => {
    const [a, b, c] = (await nodes(3)) as [NodeProcess, NodeProcess, NodeProcess]
    const [ada, bob] = [await client(a, "ada"), await client(b, "bob")]
    const cleo = new Client(c.port, "cleo", "room:1")
    void cleo.socket.connect()
    await cleo.channel.join()
    await vi.waitFor(() => expect([ada.names.length, bob.names.length]).toEqual([3, 3]), PATIENCE)
    await c.program.kill("SIGKILL")
    cleo.socket.disconnect()
    await vi.waitFor(() => expect([ada.names, bob.names]).toEqual(same(2, ["ada", "bob"])), PATIENCE)
    await vi.waitFor(async () => expect(await a.do("count room:1")).toBe("2"), PATIENCE)
  })

  it("have one back without duplicates that stood still for longer than that", async () => {
    const [a, b] = (await nodes(2)) as [NodeProcess, NodeProcess]
    const ada = await client(a, "ada")
    const bob = await client(b, "bob")
    await vi.waitFor(() => expect([ada.names.length, bob.names.length]).toEqual([2, 2]), PATIENCE)
    b.program.signal("SIGSTOP")
    await vi.waitFor(() => expect(ada.names).toEqual(["ada"]), PATIENCE)
    const cleo = await client(a, "cleo")
    b.program.signal("SIGCONT")
    await vi.waitFor(() => {
      expect([ada.names, cleo.names, bob.names]).toEqual(same(3, ["ada", "bob", "cleo"]))
    }, PATIENCE)
    expect([ada.metas, cleo.metas, bob.metas]).toEqual([3, 3, 3])
    await ada.channel.push("shout", { text: "all there" })
    await vi.waitFor(() => expect(bob.heard).toEqual([{ text: "all there" }]), PATIENCE)
  })

  it("serve their own clients while Redis is gone, say so, and are one again when it is back", async () => {
    const [a, b] = (await nodes(2)) as [NodeProcess, NodeProcess]
    const [ada, bob] = [await client(a, "ada"), await client(b, "bob")]
    await vi.waitFor(() => expect([ada.names.length, bob.names.length]).toEqual([2, 2]), PATIENCE)
    await suite.server.kill()
    await a.program.printed(/^unhealthy$/)
    await b.program.printed(/^unhealthy$/)
    await ada.channel.push("shout", { text: "only here" })
    await vi.waitFor(() => expect(ada.heard).toEqual([{ text: "only here" }]), PATIENCE)
    expect(await a.do("say room:1 unheard")).toBe("cluster_unavailable")
    // A new client can join now; the other nodes learn of it later.
    const cleo = await client(a, "cleo")
    await vi.waitFor(() => expect(cleo.names).toContain("ada"), PATIENCE)
    await suite.server.start()
    await a.program.printed(/^healthy$/)
    await b.program.printed(/^healthy$/)
    await vi.waitFor(() => expect(bob.names).toEqual(["ada", "bob", "cleo"]), PATIENCE)
    await bob.channel.push("shout", { text: "together" })
    await vi.waitFor(
      () => expect([ada.heard.at(-1), cleo.heard.at(-1)]).toEqual(same(2, { text: "together" })),
      PATIENCE,
    )
  })
})
