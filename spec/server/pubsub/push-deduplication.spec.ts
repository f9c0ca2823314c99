import { MemoryCluster, MemoryHub, type Claim } from "rookery/server"
import { describe, expect, it } from "vitest"
import { PushDeduplication, type FirstSending, type Verdict } from "../../../lib/server/pubsub/push-deduplication.js"
import { ENTRY_BYTES } from "../../../lib/server/pubsub/retry-accounts.js"
import { FakeClock } from "../../support/fake-clock.js"
import { nodeRuntime } from "../../../lib/runtime/node/platform/node-runtime.js"

const SECRET = "an id of some 128 random bits"
const MINUTE_MS = 60_000

/** The store of one node, which can be out of reach. */
class Store extends MemoryCluster {
  away = false
  readonly failures: string[] = []

  override claim(key: string, claimMs: number): Claim {
    this.#reach()
    return super.claim(key, claimMs)
  }

  override settle(key: string, answer: Uint8Array, keepMs: number): void | Promise<void> {
    return this.away ? Promise.reject(new Error("away")) : super.settle(key, answer, keepMs)
  }

  failed(_error: unknown, where: string): void {
    this.failures.push(where)
  }

  #reach(): void {
    if (this.away) throw new Error("away")
  }
}

interface Client {
  readonly id: string | null
  readonly address: string | undefined
  readonly limits: { readonly retryBytes: number }
}

const client = (id: string | null, retryBytes = 100 * ENTRY_BYTES, address?: string): Client => ({
  id,
  address,
  limits: { retryBytes },
})

/** Several nodes over one memory. */
class Nodes {
  readonly clock = new FakeClock()
  readonly hub = new MemoryHub(this.clock)
  readonly stores: Store[] = []
  readonly hits: string[] = []

  node(heldRetryBytes = 1000 * ENTRY_BYTES): Node {
    const store = new Store(this.hub)
    this.stores.push(store)
    const deduplication = new PushDeduplication({
      store,
      runtime: { ...nodeRuntime, clock: this.clock },
      heldRetryBytes,
      failed: (error, where) => store.failed(error, where),
    })
    return {
      deduplication,
      store,
      take: (socket, id, event = "save") =>
        deduplication.take({ socket, topic: "room:1", event, id, onLimit: (limit) => this.hits.push(limit) }),
    }
  }

  /** Lets time pass, and what waits for it happen. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      this.clock.pass(Math.min(left, 1000))
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    }
  }
}

interface Node {
  readonly deduplication: PushDeduplication
  readonly store: Store
  take(socket: Client, id: string, event?: string): Promise<Verdict>
}

async function first(verdict: Promise<Verdict>): Promise<FirstSending> {
  const found = await verdict
  if (found.kind !== "run") throw new Error(`the push was not the first: ${found.kind}`)
  return found.push
}

const ok = (n: number): { status: string; response: unknown } => ({ status: "ok", response: { n } })
const refusal = (reason: string): unknown => expect.objectContaining({ response: { reason } })

describe("A push that may come twice", () => {
  it("has its first answer for five minutes, on every node, and is forgotten then", async () => {
    const nodes = new Nodes()
    const [a, b] = [nodes.node(), nodes.node()]
    ;(await first(a.take(client("ada"), "1"))).answer(ok(7))
    await nodes.pass(5 * MINUTE_MS - 1000)
    expect(await b.take(client("ada"), "1")).toMatchObject({ kind: "answer", ...ok(7) })
    await nodes.pass(3000)
    expect([a.deduplication.size, nodes.hub.kept.claims]).toEqual([0, 0])
    expect((await b.take(client("ada"), "1")).kind).toBe("run")
  })

  it("keeps its answer for its time, whatever other clients push meanwhile", async () => {
    const nodes = new Nodes()
    const { take } = nodes.node(50 * ENTRY_BYTES)
    ;(await first(take(client("victim"), "1"))).answer(ok(7))
    let refused = 0
    for (let i = 0; i < 200; i++) {
      const verdict = await take(client(`attacker ${i % 10}`, 30 * ENTRY_BYTES), `${i}`).catch(() => undefined)
      if (verdict?.kind === "run") verdict.push.answer(ok(i))
      else refused++
    }
    // Each takes a little more than one entry, and the victim has one.
    expect(refused).toBeGreaterThan(150)
    expect(new Set(nodes.hits)).toEqual(new Set(["heldRetryBytes"]))
    expect(await take(client("victim"), "1")).toMatchObject(ok(7))
  })

  it("is refused when its client has too many that are remembered, before the handler runs", async () => {
    const nodes = new Nodes()
    const { take, deduplication } = nodes.node()
    const ada = client("ada", 10 * ENTRY_BYTES)
    for (let i = 0; i < 9; i++) (await first(take(ada, `${i}`))).answer(ok(i))
    await expect(take(ada, "one too many")).rejects.toEqual(refusal("too many retries"))
    expect(nodes.hits).toEqual(["retryBytes"])
    expect([deduplication.size, nodes.hub.kept.claims]).toEqual([9, 9])
    expect(await take(ada, "3")).toMatchObject(ok(3))
    expect((await take(client("bob"), "1")).kind).toBe("run")
    await nodes.pass(5 * MINUTE_MS + 1000)
    expect((await take(ada, "one too many")).kind).toBe("run")
  })

  it("takes effect once though its answer is too large to keep, and its second sending is told", async () => {
    const nodes = new Nodes()
    const { take } = nodes.node()
    const ada = client("ada", 10 * ENTRY_BYTES)
    ;(await first(take(ada, "1"))).answer({ status: "ok", response: "x".repeat(10 * ENTRY_BYTES) })
    await expect(take(ada, "1")).rejects.toEqual(refusal("answer not kept"))
    expect(nodes.hits).toEqual(["retryBytes"])
  })

  it("keeps a copy of its answer, and not the buffer that other frames were written into", async () => {
    const nodes = new Nodes()
    const kept: Uint8Array[] = []
    const { store, take } = nodes.node()
    store.settle = (_key, answer) => void kept.push(answer)
    ;(await first(take(client("ada"), "1"))).answer(ok(1))
    expect(kept.map((answer) => answer.buffer.byteLength - answer.byteLength)).toEqual([0])
  })

  it("is refused when its id is longer than any client's", async () => {
    const { take, deduplication } = new Nodes().node()
    await expect(take(client("ada"), "x".repeat(1_000_000))).rejects.toEqual(refusal("push id too long"))
    expect(deduplication.size).toBe(0)
  })

  it("belongs to its node while the handler runs, however long that takes", async () => {
    const nodes = new Nodes()
    const [a, b] = [nodes.node(), nodes.node()]
    const push = await first(a.take(client("ada"), "1"))
    await nodes.pass(MINUTE_MS)
    const again = b.take(client("ada"), "1")
    await nodes.pass(1000)
    push.answer(ok(7))
    await nodes.pass(1000)
    expect(await again).toMatchObject(ok(7))
  })

  it("is taken up by another node when its own has died", async () => {
    const nodes = new Nodes()
    const [a, b] = [nodes.node(), nodes.node()]
    await first(a.take(client("ada"), "1"))
    a.store.renew = () => {}
    const again = b.take(client("ada"), "1")
    await nodes.pass(20_000)
    expect((await again).kind).toBe("run")
  })

  it("no longer counts after five minutes of a handler that never ends", async () => {
    const nodes = new Nodes()
    const { take, deduplication } = nodes.node()
    const push = await first(take(client("ada"), "1"))
    await nodes.pass(6 * MINUTE_MS)
    expect([deduplication.size, nodes.hub.kept.claims, nodes.clock.pending]).toEqual([0, 0, 0])
    push.answer(ok(1))
    expect(nodes.hub.kept.claims).toBe(0)
  })

  it("is new again when it took no effect", async () => {
    const nodes = new Nodes()
    const { take, deduplication } = nodes.node()
    const push = await first(take(client("ada"), "1"))
    push.release()
    push.answer(ok(1))
    expect([deduplication.size, nodes.hub.kept.claims]).toEqual([0, 0])
    expect((await take(client("ada"), "1")).kind).toBe("run")
  })

  it("keeps the answer of another node when its own node gives it back too late", async () => {
    const nodes = new Nodes()
    const [a, b] = [nodes.node(), nodes.node()]
    const late = await first(a.take(client("ada"), "1"))
    a.store.renew = () => {}
    await nodes.pass(20_000)
    ;(await first(b.take(client("ada"), "1"))).answer(ok(2))
    late.release()
    expect(await a.take(client("ada"), "1")).toMatchObject(ok(2))
  })

  it("has its outcome stored once the store is back, and does not run twice", async () => {
    const nodes = new Nodes()
    const { take, store } = nodes.node()
    const push = await first(take(client("ada"), "1"))
    store.away = true
    push.answer(ok(7))
    await nodes.pass(8000)
    expect(store.failures).toContain("settle")
    store.away = false
    await nodes.pass(30_000)
    expect(await take(client("ada"), "1")).toMatchObject(ok(7))
  })

  it("is refused after half a minute when nobody can know, and the failure is told once", async () => {
    const nodes = new Nodes()
    const { take, store } = nodes.node()
    store.away = true
    const verdict = take(client("ada"), "1").catch((error: unknown) => error)
    // In steps of a tenth of a second it looks again.
    for (let i = 0; i < 400; i++) {
      nodes.clock.pass(100)
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    }
    expect(await verdict).toEqual(refusal("unavailable"))
    expect(store.failures).toEqual(["claim"])
  })

  it("is refused after half a minute also by a store that takes its time to fail", async () => {
    const nodes = new Nodes()
    const { take, store } = nodes.node()
    store.claim = () =>
      new Promise<never>((_, reject) => nodes.clock.setTimeout(() => reject(new Error("away")), 2000)) as never
    const verdict = take(client("ada"), "1").catch((error: unknown) => error)
    await nodes.pass(40_000)
    expect(await Promise.race([verdict, "still waiting"])).toEqual(refusal("unavailable"))
  })
})

describe("A push that may come twice and has no answer", () => {
  it("does not run again, and its second sending does not wait", async () => {
    const nodes = new Nodes()
    const { take } = nodes.node()
    ;(await first(take(client("ada"), "1"))).silence(false)
    expect(await take(client("ada"), "1")).toEqual({ kind: "silence" })
  })

  it("gets the answer that its handler gives later, by whichever sending is the newest, on any node", async () => {
    const nodes = new Nodes()
    const [a, b] = [nodes.node(), nodes.node()]
    const push = await first(a.take(client("ada"), "1"))
    push.silence(true)
    const replies = []
    for (const node of [a, a, b]) {
      const verdict = await node.take(client("ada"), "1")
      replies.push(verdict.kind === "later" ? verdict.reply : verdict.kind)
    }
    await nodes.pass(5000)
    push.answer(ok(7))
    await nodes.pass(5000)
    expect(await Promise.all(replies)).toEqual([
      undefined,
      expect.objectContaining(ok(7)),
      expect.objectContaining(ok(7)),
    ])
    expect(await a.take(client("ada"), "1")).toMatchObject({ kind: "answer", ...ok(7) })
  })

  it("is waited for no longer than a push waits, when its handler gives no answer after all", async () => {
    const nodes = new Nodes()
    const { take } = nodes.node()
    ;(await first(take(client("ada"), "1"))).silence(true)
    const verdict = await take(client("ada"), "1")
    await nodes.pass(40_000)
    expect(verdict.kind === "later" && (await verdict.reply)).toBe(undefined)
    await nodes.pass(6 * MINUTE_MS)
    expect([nodes.hub.kept.claims, nodes.clock.pending]).toEqual([0, 0])
  })
})

describe("The name of a push", () => {
  const nameOf = async (node: Node, socket: Client, id: string, event?: string): Promise<string> => {
    const push = await first(node.take(socket, id, event))
    push.release()
    return push.id
  }

  it("is the same at each sending of one client, and another for each client, event and id", async () => {
    const node = new Nodes().node()
    const names = [
      await nameOf(node, client("ada"), SECRET),
      await nameOf(node, client("bob"), SECRET),
      await nameOf(node, client(null), SECRET),
      await nameOf(node, client("ada"), SECRET, "other"),
      await nameOf(node, client("ada"), `${SECRET}2`),
      await nameOf(node, client("ada"), "short"),
      await nameOf(node, client(null), "short"),
    ]
    expect(new Set(names).size).toBe(names.length)
    expect(names.every((name) => name.length === 32)).toBe(true)
    expect(await nameOf(node, client("ada"), SECRET)).toBe(names[0])
    expect(await nameOf(node, client(null), SECRET)).toBe(names[2])
  })

  it("follows an anonymous client by a long id, and keeps it to its connection by a short one", async () => {
    const { take } = new Nodes().node()
    const [before, after] = [client(null), client(null)]
    ;(await first(take(before, SECRET))).answer(ok(1))
    expect(await take(after, SECRET)).toMatchObject(ok(1))
    ;(await first(take(before, "guess me"))).answer(ok(2))
    expect(await take(before, "guess me")).toMatchObject(ok(2))
    expect((await take(after, "guess me")).kind).toBe("run")
  })

  it("cannot be made by a client whose own id looks like the parts of it", async () => {
    const node = new Nodes().node()
    const names = [
      await nameOf(node, client('ada",["room:1"'), "x"),
      await nameOf(node, client("ada"), 'x",["room:1"'),
      await nameOf(node, client("null"), SECRET),
      await nameOf(node, client(null), SECRET),
    ]
    expect(new Set(names).size).toBe(names.length)
  })
})

describe("Anonymous clients", () => {
  it("anonymous clients of one address get at most an eighth of the total, however many connections they have", async () => {
    const nodes = new Nodes()
    const { take, deduplication } = nodes.node(80 * ENTRY_BYTES)
    for (let i = 0; i < 100; i++) {
      const guest = client(null, 10 * ENTRY_BYTES, "203.0.113.7")
      await take(guest, `${SECRET}${i}`).catch(() => undefined)
    }
    expect(deduplication.size).toBe(10)
    expect(new Set(nodes.hits)).toEqual(new Set(["heldRetryBytes"]))
    expect((await take(client(null, 10 * ENTRY_BYTES, "203.0.113.8"), SECRET)).kind).toBe("run")
    expect((await take(client("ada"), "1")).kind).toBe("run")
  })

  it("anonymous clients, from any number of addresses, leave half of the total to clients with an id", async () => {
    const nodes = new Nodes()
    const { take, deduplication } = nodes.node(80 * ENTRY_BYTES)
    for (let i = 0; i < 100; i++) {
      const guest = client(null, 10 * ENTRY_BYTES, `203.0.113.${i}`)
      await take(guest, `${SECRET}${i}`).catch(() => undefined)
    }
    expect(deduplication.size).toBe(40)
    for (let i = 0; i < 40; i++) expect((await take(client(`user ${i}`), "1")).kind).toBe("run")
  })

  it("anonymous pushes of one connection get at most the share of one client", async () => {
    const nodes = new Nodes()
    const { take, deduplication } = nodes.node()
    const guest = client(null, 10 * ENTRY_BYTES, "203.0.113.7")
    for (let i = 0; i < 100; i++) await take(guest, `${SECRET}${i}`).catch(() => undefined)
    expect(deduplication.size).toBe(10)
    expect(new Set(nodes.hits)).toEqual(new Set(["retryBytes"]))
  })
})
