import { systemClock, type Clock } from "../protocol/clock.js"
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
} from "./adapter.js"
import { MemoryHistories } from "./memory-history.js"

/** Something that is forgotten after a while. */
interface Passing<T> {
  readonly value: T
  readonly until: number
}

/** How many answers to pushes are kept at most. */
const MAX_PASSING = 100_000

/** Keeps an entry, and forgets old ones: two at a time, which is more than come. */
function remember<T>(entries: Map<string, Passing<T>>, key: string, entry: Passing<T>, now: number): void {
  entries.delete(key)
  entries.set(key, entry)
  let looks = 2
  for (const [oldest, { until }] of entries) {
    if ((until > now && entries.size <= MAX_PASSING) || looks-- === 0) return
    entries.delete(oldest)
  }
}

/** Everything that the nodes of one process share. */
export class MemoryHub {
  readonly nodes: Set<MemoryCluster> = new Set()
  readonly clock: Clock
  readonly #histories: MemoryHistories
  /** Answers to pushes; `undefined` while somebody is at one. */
  readonly #claims = new Map<string, Passing<Uint8Array | undefined>>()

  constructor(clock: Clock = systemClock) {
    this.clock = clock
    this.#histories = new MemoryHistories(clock)
  }

  /** What is kept of histories. */
  get kept(): MemoryHistories["kept"] {
    return this.#histories.kept
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

  claim(key: string, claimMs: number): Claim {
    const now = this.clock.now()
    const known = this.#claims.get(key)
    if (known !== undefined && known.until > now) {
      return known.value === undefined ? { kind: "pending" } : { kind: "settled", answer: known.value }
    }
    remember(this.#claims, key, { value: undefined, until: now + claimMs }, now)
    return { kind: "new" }
  }

  settle(key: string, answer: Uint8Array, keepMs: number): void {
    const now = this.clock.now()
    remember(this.#claims, key, { value: answer, until: now + keepMs }, now)
  }

  release(key: string): void {
    this.#claims.delete(key)
  }
}

/** A cluster within one process: an endpoint's own if it has no other, and one for specs with several endpoints. */
export class MemoryCluster implements Cluster {
  readonly #hub: MemoryHub
  readonly #topics = new Set<string>()
  readonly #presences = new Map<string, Map<string, PresenceRecord>>()
  #node: ClusterNode | undefined

  /** @param hub what it shares with others; without one it is alone */
  constructor(hub: MemoryHub = new MemoryHub()) {
    this.#hub = hub
  }

  start(node: ClusterNode): void {
    this.#node = node
    this.#hub.nodes.add(this)
  }

  publish(topic: string, message: ClusterMessage): void {
    for (const node of this.#others(topic)) node.deliver(topic, message)
  }

  append(topic: string, body: ClusterMessage, history: HistoryOptions, once?: string): Position {
    const { epoch, offset, message } = this.#hub.append(topic, body, history, once)
    if (message === undefined) return { epoch, offset }
    for (const { listens, node } of this.#all(topic)) if (listens) node.deliverNumbered(topic, epoch, message)
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
    return this.#hub.claim(key, claimMs)
  }

  settle(key: string, answer: Uint8Array, keepMs: number): void {
    this.#hub.settle(key, answer, keepMs)
  }

  release(key: string): void {
    this.#hub.release(key)
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
