import { randomUUID } from "node:crypto"
import { createClient } from "redis"
import { redis } from "rookery/redis"
import type { Cluster, Endpoint, ReplyTo } from "rookery/server"
import { describe, expect, it } from "vitest"
import { backends } from "../support/backends.js"
import { HAS_REDIS } from "../support/redis-server.js"
import { redisSuite } from "../support/redis-suite.js"
import { stages, type Stage } from "../support/stage.js"
import { answer, type WireClient } from "../support/wire-client.js"

const stage = stages()

interface Node extends Stage {
  /** The number of handlers that ran. */
  readonly ran: { count: number }
  readonly later: ReplyTo[]
  enter(name: string): Promise<WireClient>
}

async function start(cluster: Cluster, limits: { retryBytes?: number } = {}): Promise<Node> {
  const ran = { count: 0 }
  const later: ReplyTo[] = []
  const build = (endpoint: Endpoint): void => {
    endpoint.channel("room:*", {
      receive: {
        echo(payload) {
          ran.count++
          return payload
        },
        silent(_payload, room) {
          ran.count++
          return room.noReply
        },
        later(_payload, room) {
          ran.count++
          later.push(room.replyTo())
          return room.noReply
        },
      },
    })
  }
  const connect = ({ params }: { params: Record<string, unknown> }) => ({ id: String(params["name"]) })
  const made = await stage({ cluster, connect, limits }, build)
  await made.endpoint.ready()
  return {
    ...made,
    ran,
    later,
    async enter(name) {
      const client = await made.connect({ query: { name } })
      await client.join("room:1")
      return client
    },
  }
}

async function push(client: WireClient, event: string, payload: unknown, ref: string): Promise<unknown> {
  client.send("1", ref, "room:1", event, payload)
  return answer(await client.next())
}

const ok = (response: unknown): unknown => ({ status: "ok", response })

describe.each(backends())("A push with retry on several nodes %s", (_name, makeNodes) => {
  const nodes = async (): Promise<[Node, Node]> => {
    const [a, b] = (await makeNodes(2)) as [Cluster, Cluster]
    return [await start(a), await start(b)]
  }

  it("takes effect once, and has its first answer on the other node", async () => {
    const [a, b] = await nodes()
    expect(await push(await a.enter("ada"), "echo", 1, "2~x")).toEqual(ok(1))
    expect(await push(await b.enter("ada"), "echo", 2, "3~x")).toEqual(ok(1))
    expect(await push(await b.enter("bob"), "echo", 2, "3~x")).toEqual(ok(2))
    expect([a.ran.count, b.ran.count]).toEqual([1, 1])
  })

  it("a push with retry and without an answer does not run again on another node, and blocks nothing there", async () => {
    const [a, b] = await nodes()
    const [first, second] = [await a.enter("ada"), await b.enter("ada")]
    first.send("1", "2~x", "room:1", "silent", {})
    expect(await push(first, "echo", 1, "3")).toEqual(ok(1))
    second.send("1", "2~x", "room:1", "silent", {})
    expect(await push(second, "echo", 1, "3")).toEqual(ok(1))
    expect([a.ran.count, b.ran.count]).toEqual([2, 1])
  })

  it("gets the answer that its handler gives later on the other node", async () => {
    const [a, b] = await nodes()
    const [first, second] = [await a.enter("ada"), await b.enter("ada")]
    first.send("1", "2~x", "room:1", "later", {})
    expect(await push(first, "echo", 1, "3")).toEqual(ok(1))
    second.send("1", "5~x", "room:1", "later", {})
    expect(await push(second, "echo", 1, "6")).toEqual(ok(1))
    a.later[0]?.("ok", "at last")
    expect(await second.next()).toEqual(["1", "5~x", "room:1", "phx_reply", ok("at last")])
    expect(b.later).toHaveLength(0)
  })
})

describe.skipIf(!HAS_REDIS)("The memory of pushes with retry in Redis", () => {
  const suite = redisSuite()

  async function connected(): Promise<{ node: Node; keys(): Promise<{ name: string; bytes: number; ttl: number }[]> }> {
    const client = createClient({ url: suite.server.url })
    client.on("error", () => {})
    await client.connect()
    suite.undo.push(() => client.destroy())
    const prefix = randomUUID()
    const node = await start(redis(client, { prefix }), { retryBytes: 50_000 })
    return {
      node,
      async keys() {
        const names = await client.keys(`${prefix}:c:*`)
        return Promise.all(
          names.map(async (name) => ({
            name: name.slice(prefix.length),
            bytes: await client.strLen(name),
            ttl: await client.pTTL(name),
          })),
        )
      },
    }
  }

  it("is bounded for each client, in keys and in bytes, and leaves by itself", async () => {
    const { node, keys } = await connected()
    const ada = await node.enter("ada")
    const answers: unknown[] = []
    for (let i = 0; i < 100; i++) answers.push(await push(ada, "echo", "x".repeat(i % 2 === 0 ? 5000 : 1), `${i}~${i}`))
    expect(answers.at(-1)).toEqual({ status: "error", response: { reason: "too many retries" } })
    const kept = await keys()
    expect(kept.length).toBeLessThanOrEqual(50)
    expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(50_000)
    expect(kept.every(({ ttl }) => ttl > 0 && ttl <= 300_000)).toBe(true)
    expect(await push(await node.enter("bob"), "echo", 1, "2~1")).toEqual(ok(1))
  })

  it("has names of one length, whatever clients name their pushes", async () => {
    const { node, keys } = await connected()
    const ada = await node.enter("ada")
    await push(ada, "echo", 1, `2~${"x".repeat(128)}`)
    await push(ada, "echo", 1, `3~${"\u0000{}:*"}`)
    const tooLong = { status: "error", response: { reason: "push id too long" } }
    expect(await push(ada, "echo", 1, `4~${"x".repeat(129)}`)).toEqual(tooLong)
    expect((await keys()).map(({ name }) => name)).toEqual([
      expect.stringMatching(/^:c:[\w-]{32}$/),
      expect.stringMatching(/^:c:[\w-]{32}$/),
    ])
  })
})
