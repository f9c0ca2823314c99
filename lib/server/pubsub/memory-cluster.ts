import { systemClock, type Clock } from "../../protocol/clock.js"
import type {
  Claim,
  Cluster,
  ClusterMessage,
  ClusterNode,
  HistoryOptions,
  HistorySlice,
  Position,
  PresenceChange,
  PresenceRecord,
} from "../api/cluster.js"
import { Deadlines } from "../support/deadlines.js"
import { InOrder } from "../support/in-order.js"
import { MemoryHistories } from "./memory-history.js"

/** The state of a claimed key. */
interface Claimed {
  /** The node that does the work. */
  readonly holder: object
  /** The answer; `undefined` until the work is done. */
  readonly answer: Uint8Array | undefined
  readonly until: number
}

/** The state that the nodes of one process share. */
export class MemoryHub {
  readonly nodes: Set<MemoryCluster> = new Set()
  /** Keeps one order for all nodes: a node may publish while it is told of a message. */
  readonly told: InOrder
  readonly clock: Clock
  readonly #histories: MemoryHistories
  /** Its size is limited by the callers, see `RetryAccounts`. */
  readonly #claims = new Map<string, Claimed>()
  readonly #claimsDue: Deadlines<string>

  /** @param digest the platform's own SHA-256, if it has a faster one */
  constructor(clock: Clock = systemClock, digest?: (text: string) => string) {
    this.clock = clock
    this.told = new InOrder((work) => clock.setTimeout(work, 0))
    this.#histories = new MemoryHistories(clock, undefined, digest)
    this.#claimsDue = new Deadlines(clock, (key) => void this.#claims.delete(key))
  }

  /** The numbers of kept messages, topics, names and claims. */
  get kept(): MemoryHistories["kept"] & { readonly claims: number } {
    return { ...this.#histories.kept, claims: this.#claims.size }
  }

  append(
    topic: string,
    body: ClusterMessage,
    history: HistoryOptions,
    once?: string,
  ): ReturnType<MemoryHistories["append"]> {
    return this.#histories.append(topic, body, history, once)
  }

  history(topic: string, history: HistoryOptions, after: number | undefined, limit: number): HistorySlice {
    return this.#histories.read(topic, history, after, limit)
  }

  claim(holder: object, key: string, claimMs: number): Claim {
    const known = this.#claims.get(key)
    if (known !== undefined && known.until > this.clock.now()) {
      return known.answer === undefined ? { kind: "pending" } : { kind: "settled", answer: known.answer }
    }
    this.#hold(key, { holder, answer: undefined }, claimMs)
    return { kind: "new" }
  }

  renew(holder: object, key: string, claimMs: number): void {
    if (this.#isHeld(holder, key)) this.#hold(key, { holder, answer: undefined }, claimMs)
  }

  settle(holder: object, key: string, answer: Uint8Array, keepMs: number): void {
    this.#hold(key, { holder, answer }, keepMs)
  }

  release(holder: object, key: string): void {
    if (!this.#isHeld(holder, key)) return
    this.#claims.delete(key)
    this.#claimsDue.delete(key)
  }

  #isHeld(holder: object, key: string): boolean {
    const known = this.#claims.get(key)
    return known?.holder === holder && known.answer === undefined
  }

  #hold(key: string, claimed: Omit<Claimed, "until">, ms: number): void {
    const until = this.clock.now() + ms
    this.#claims.set(key, { ...claimed, until })
    this.#claimsDue.set(key, until)
  }
}

/**
 * A cluster within one process. An endpoint without the option `cluster` uses one; so do specs with several endpoints.
 */
export class MemoryCluster implements Cluster {
  readonly #hub: MemoryHub
  readonly #topics = new Set<string>()
  readonly #presences = new Map<string, Map<string, PresenceRecord>>()
  #node: ClusterNode | undefined

  /** @param hub the state shared with other nodes; by default it is the only node */
  constructor(hub: MemoryHub = new MemoryHub()) {
    this.#hub = hub
  }

  start(node: ClusterNode): void {
    this.#node = node
    this.#hub.nodes.add(this)
  }

  publish(topic: string, message: ClusterMessage): void {
    this.#hub.told.run(() => {
      for (const node of this.#others(topic)) node.deliver(topic, message)
    })
  }

  append(topic: string, body: ClusterMessage, history: HistoryOptions, once?: string): Position {
    const { epoch, offset, message } = this.#hub.append(topic, body, history, once)
    if (message === undefined) return { epoch, offset }
    this.#hub.told.run(() => {
      for (const { listens, node } of this.#all(topic)) if (listens) node.deliverNumbered(topic, epoch, message)
    })
    return { epoch, offset }
  }

  history(topic: string, history: HistoryOptions, after: number | undefined, limit: number): HistorySlice {
    return this.#hub.history(topic, history, after, limit)
  }

  subscribe(topic: string): void {
    this.#topics.add(topic)
    const records: PresenceRecord[] = []
    for (const other of this.#hub.nodes) {
      if (other !== this) records.push(...(other.#presences.get(topic)?.values() ?? []))
    }
    if (records.length > 0) this.#node?.presenceState(topic, records)
  }

  unsubscribe(topic: string): void {
    this.#topics.delete(topic)
  }

  command(body: Uint8Array): void {
    for (const other of this.#hub.nodes) if (other !== this) other.#node?.command(body)
  }

  changePresence(topic: string, change: PresenceChange): void {
    let own = this.#presences.get(topic)
    if (own === undefined) this.#presences.set(topic, (own = new Map()))
    for (const ref of change.leaves) own.delete(ref)
    for (const record of change.joins) own.set(record.ref, record)
    if (own.size === 0) this.#presences.delete(topic)
    for (const node of this.#others(topic)) node.presence(topic, change)
  }

  claim(key: string, claimMs: number): Claim {
    return this.#hub.claim(this, key, claimMs)
  }

  renew(key: string, claimMs: number): void {
    this.#hub.renew(this, key, claimMs)
  }

  settle(key: string, answer: Uint8Array, keepMs: number): void {
    this.#hub.settle(this, key, answer, keepMs)
  }

  release(key: string): void {
    this.#hub.release(this, key)
  }

  nodes(): number {
    return this.#hub.nodes.size
  }

  close(): void {
    for (const [topic, own] of [...this.#presences]) this.changePresence(topic, { joins: [], leaves: [...own.keys()] })
    this.#hub.nodes.delete(this)
    this.#topics.clear()
  }

  *#all(topic: string): Iterable<{ listens: boolean; own: boolean; node: ClusterNode }> {
    for (const other of this.#hub.nodes) {
      const node = other.#node
      if (node !== undefined) yield { listens: other.#topics.has(topic), own: other === this, node }
    }
  }

  *#others(topic: string): Iterable<ClusterNode> {
    for (const { listens, own, node } of this.#all(topic)) if (listens && !own) yield node
  }
}
