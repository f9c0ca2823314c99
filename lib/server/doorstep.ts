import type { Socket } from "node:net"
import type { LimitName } from "../protocol/limits.js"
import { peerOf } from "./address.js"

/** Options of a {@link Doorstep}. */
export interface DoorstepOptions {
  readonly halfOpen: number
  readonly handshakeMs: number
  readonly pipelined: number
  /** Told of a limit that a line hit. */
  onLimit(limit: LimitName, address: string | undefined): void
}

interface Waiting {
  readonly since: number
  gone(): void
}

const LATE = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
/** Lines that are late are looked for no more often. */
const LOOK_AGAIN_MS = 100

/**
 * Lines from which no request has wholly come. They are nobody yet: no limit of sockets counts them, and nothing tells
 * who means harm. Where there are too many, the one that has waited longest goes, and not the one that has just come: who
 * means well is through in a round trip.
 */
export class Doorstep {
  /** The oldest first. */
  readonly #lines = new Map<Socket, Waiting>()
  readonly #options: DoorstepOptions
  /** How many requests of a line wait for the answer of an earlier one. */
  readonly #behind = new WeakMap<Socket, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: DoorstepOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#lines.size
  }

  /** A line was opened. */
  opened(line: Socket): void {
    const { halfOpen } = this.#options
    const gone = (): void => this.gone(line)
    this.#lines.set(line, { since: performance.now(), gone })
    line.once("close", gone)
    if (this.#lines.size > halfOpen) {
      const [oldest] = this.#lines.keys()
      this.gone(oldest as Socket)
      this.#options.onLimit("halfOpen", oldest && peerOf(oldest))
      oldest?.destroy()
    }
    this.#look()
  }

  /**
   * A request has come from it, maybe behind one that has no answer yet. Whether it is to be answered: what is read in one
   * go is asked for in one go, and a thousand requests fit into that.
   */
  asked(line: Socket, behind: boolean): boolean {
    this.gone(line)
    if (!behind) {
      this.#behind.delete(line)
      return true
    }
    const before = this.#behind.get(line) ?? 0
    this.#behind.set(line, before + 1)
    if (before < this.#options.pipelined) return true
    if (line.destroyed) return false
    this.#options.onLimit("pipelined", peerOf(line))
    line.destroy()
    return false
  }

  /** Nothing is waited for from it any more. */
  gone(line: Socket): void {
    const waiting = this.#lines.get(line)
    if (waiting === undefined) return
    this.#lines.delete(line)
    line.off("close", waiting.gone)
  }

  #look(): void {
    const { handshakeMs } = this.#options
    const [first] = this.#lines.values()
    if (this.#timer !== undefined || first === undefined || handshakeMs === Infinity) return
    const due = Math.max(first.since + handshakeMs - performance.now(), LOOK_AGAIN_MS)
    this.#timer = setTimeout(() => this.#sendAway(performance.now() - handshakeMs), due).unref()
  }

  #sendAway(before: number): void {
    this.#timer = undefined
    for (const [line, { since }] of this.#lines) {
      if (since > before) break
      this.gone(line)
      this.#options.onLimit("handshakeMs", peerOf(line))
      line.write(LATE)
      line.destroySoon()
    }
    this.#look()
  }
}
