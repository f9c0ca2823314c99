import { Socket, type Channel, type SocketOptions } from "rookery"
import { SERVICE_RESTART } from "../../lib/protocol/close-codes.js"

/** The observations of all clients of a test. */
export interface Sightings {
  recovered: number
  notRecovered: number
  messages: number
  /** Pushes that clients made again, because the result of the first was unknown. */
  pushedAgain: number
  /** How many joins were answered. */
  joins: number
  /** How many connections were lost. */
  lost: number
  /** How long the clients of a node that restarts wait before they come back, in milliseconds. */
  readonly waits: number[]
}

export const noSightings = (): Sightings => ({
  recovered: 0,
  notRecovered: 0,
  messages: 0,
  pushedAgain: 0,
  joins: 0,
  lost: 0,
  waits: [],
})

const GIVE_UP_MS = 120_000

/** A client that joins some logs, adds to them, and keeps every message. */
export class LogClient {
  readonly socket: Socket
  /** The received numbers, by topic. */
  readonly got = new Map<string, number[]>()
  /** After how many messages it was told that some may be missing, by topic. */
  readonly #breaks = new Map<string, number[]>()
  readonly #channels = new Map<string, Channel>()
  readonly #seen: Sightings

  constructor(port: number, name: string, seen: Sightings, options: SocketOptions = {}) {
    this.#seen = seen
    this.socket = new Socket(`ws://127.0.0.1:${port}/socket`, {
      params: { name },
      heartbeatIntervalMs: 2000,
      rejoinAfterMs: (tries) => Math.min(100 * 2 ** tries, 2000),
      ...options,
    })
    this.socket.onStatus((status, { retryInMs, tries, lost }) => {
      if (status !== "reconnecting" || tries !== 1) return
      seen.lost++
      if (lost?.code === SERVICE_RESTART) seen.waits.push(retryInMs ?? 0)
    })
    void this.socket.connect()
  }

  /** After how many messages of a log it was told that some may be missing. */
  breaks(topic: string): readonly number[] {
    return this.#breaks.get(topic) ?? []
  }

  /** Joins a log; resolves once it is joined. */
  async join(topic: string): Promise<void> {
    const got: number[] = []
    const channel = this.socket.channel(topic, {}, { recover: true })
    this.got.set(topic, got)
    this.#channels.set(topic, channel)
    channel.on("added", ({ n }: { n: number }) => {
      got.push(n)
      this.#seen.messages++
    })
    channel.onRecovered(({ recovered }) => {
      if (recovered) this.#seen.recovered++
      else {
        this.#seen.notRecovered++
        this.#breaks.set(topic, [...this.breaks(topic), got.length])
      }
    })
    const join = channel.join()
    join.receive("ok", () => this.#seen.joins++)
    await new Promise<void>((resolve) => join.receive("ok", () => resolve()))
  }

  /** Adds a number, and tries again until the server confirms that it is kept. */
  async add(topic: string, n: number): Promise<void> {
    const channel = this.#channels.get(topic)
    const signal = AbortSignal.timeout(GIVE_UP_MS)
    for (;;) {
      try {
        await channel?.push("add", { n }, { retry: true, timeout: 20_000, signal })
        return
      } catch (cause) {
        if (signal.aborted) {
          const where = `${channel?.state}, on a socket that is ${this.socket.status}`
          throw new Error(`${n} could not be added to ${topic}, which is ${where}`, { cause })
        }
        this.#seen.pushedAgain++
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
}
