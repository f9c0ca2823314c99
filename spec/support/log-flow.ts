import { setTimeout as sleep } from "node:timers/promises"
import type { SocketOptions } from "rookery"
import { LogClient, noSightings } from "./log-client.js"
import { PATIENCE } from "./patience.js"
import { until } from "./until.js"

/** The result of a flow. */
export interface FlowReport {
  /** How often a client misses a message that it was not told may be missing. */
  readonly lost: number
  /** How often a client got a message again. */
  readonly twice: number
  /** How many clients got messages in another order than others. */
  readonly disordered: number
}

/** The report of a flow that nothing went wrong in. */
export const WHOLE: FlowReport = { lost: 0, twice: 0, disordered: 0 }

interface Member {
  readonly client: LogClient
  readonly topic: string
}

/** Messages that flow from clients to their logs: each client adds one after another, from the start to the end. */
export class LogFlow {
  readonly seen = noSightings()
  /** The numbers that are in each log, by its topic. */
  readonly #added = new Map<string, number[]>()
  readonly #members: Member[] = []
  readonly #over = new AbortController()
  readonly #flowing: Promise<void>[] = []
  readonly #pauseMs: number
  readonly #options: SocketOptions
  #next = 0
  #fail: (error: unknown) => void = () => {}
  /** Rejects once a client gives up adding a message, and never resolves. */
  readonly failure = new Promise<never>((_resolve, reject) => (this.#fail = reject))

  /** Creates a flow of clients that wait this long after each message, and have these options. */
  constructor(pauseMs = 0, options: SocketOptions = {}) {
    this.#pauseMs = pauseMs
    this.#options = options
    // It need not be awaited.
    this.failure.catch(() => undefined)
  }

  /** How many messages were added. */
  get count(): number {
    return [...this.#added.values()].reduce((sum, { length }) => sum + length, 0)
  }

  /** Adds a client to a log, on the node with this port. */
  async join(topic: string, port: number): Promise<void> {
    const client = new LogClient(port, `client ${this.#members.length}`, this.seen, this.#options)
    this.#members.push({ client, topic })
    this.#added.set(topic, [])
    await client.join(topic)
  }

  /** Starts the flow once all clients have joined: a client does not get messages from before its join. */
  begin(): void {
    for (const { client, topic } of this.#members) {
      const flowing = this.#flow(client, topic)
      // Its failure is that of the end as well.
      flowing.catch(this.#fail)
      this.#flowing.push(flowing)
    }
  }

  /** Waits until each log has this many more messages. */
  async goesOn(count: number): Promise<void> {
    const logs = [...this.#added.values()]
    const goals = logs.map(({ length }) => length + count)
    await until(() => {
      if (logs.some(({ length }, i) => length < (goals[i] ?? 0))) throw new Error("not so many messages yet")
    })
  }

  /** Ends the flow, and waits until every client has all of its messages, or until the time is up. */
  async end(): Promise<FlowReport> {
    this.#over.abort()
    await Promise.all(this.#flowing)
    const last = performance.now() + PATIENCE.timeout
    while (this.#lost() > 0 && performance.now() < last) await sleep(100)
    return { lost: this.#lost(), twice: this.#twice(), disordered: this.#disordered() }
  }

  destroy(): void {
    this.#over.abort()
    for (const { client } of this.#members) client.socket.destroy()
  }

  async #flow(client: LogClient, topic: string): Promise<void> {
    while (!this.#over.signal.aborted) {
      const n = this.#next++
      await client.add(topic, n)
      this.#added.get(topic)?.push(n)
      if (this.#pauseMs > 0) await sleep(this.#pauseMs)
    }
  }

  #lost(): number {
    return sum(this.#members, ({ client, topic }) => {
      const got = new Set(client.got.get(topic))
      return client.breaks(topic).length > 0 ? 0 : sum(this.#added.get(topic) ?? [], (n) => (got.has(n) ? 0 : 1))
    })
  }

  #twice(): number {
    return sum(this.#members, (member) => sum(stretches(member), (stretch) => stretch.length - new Set(stretch).size))
  }

  #disordered(): number {
    /** The position of each message, as seen by a client that was told of no loss. */
    const orders = new Map<string, Map<number, number>>()
    for (const { client, topic } of this.#members) {
      if (client.breaks(topic).length > 0 || orders.has(topic)) continue
      orders.set(topic, new Map(client.got.get(topic)?.map((n, place) => [n, place])))
    }
    return sum(this.#members, (member) => {
      const order = orders.get(member.topic)
      const isSorted = (stretch: number[]): boolean => {
        const places = stretch.map((n) => order?.get(n)).filter((place) => place !== undefined)
        return places.every((place, i) => i === 0 || place >= (places[i - 1] ?? 0))
      }
      return stretches(member).every(isSorted) ? 0 : 1
    })
  }
}

/** The messages of a client between two losses that it was told of. */
function stretches({ client, topic }: Member): number[][] {
  const got = client.got.get(topic) ?? []
  const ends = [0, ...client.breaks(topic), got.length]
  return ends.slice(1).map((end, i) => got.slice(ends[i], end))
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0)
