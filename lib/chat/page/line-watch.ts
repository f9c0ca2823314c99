import type { Socket } from "rookery"
import type { ChatTopics } from "../topics.js"
import { lightOf, type Light, type LineState } from "./light.js"
import { Signal } from "./signal.js"

/** How long an open connection may take to answer when the network of the device comes or goes. */
const ANSWER_MS = 3000

/** Follows a socket, the network and the clock, and knows at any time what the light is to show. */
export class LineWatch {
  readonly changed: Signal = new Signal()
  #line: LineState = { status: "disconnected", online: navigator.onLine }
  #socket: Socket<ChatTopics> | undefined
  #tick: ReturnType<typeof setTimeout> | undefined
  #doubt: ReturnType<typeof setTimeout> | undefined

  constructor(signal: AbortSignal) {
    addEventListener("online", () => this.#networkChanged(), { signal })
    addEventListener("offline", () => this.#networkChanged(), { signal })
    signal.addEventListener("abort", () => {
      clearTimeout(this.#tick)
      clearTimeout(this.#doubt)
    })
  }

  get light(): Light {
    return lightOf(this.#line, Date.now())
  }

  /** Follows this socket from now on, and no other. */
  follow(socket: Socket<ChatTopics>): void {
    this.#socket = socket
    this.#set({ status: socket.status })
    socket.onStatus((status, { retryInMs }) => {
      if (this.#socket !== socket) return
      this.#set({ status, ...(retryInMs !== undefined && { retryAt: Date.now() + retryInMs }) })
    })
  }

  #networkChanged(): void {
    this.#set(this.#line)
    this.#ask()
  }

  /** Asks the server over an open connection for an answer. Without that the next heartbeat would find out. */
  #ask(): void {
    clearTimeout(this.#doubt)
    const asked = this.#socket?.ping(() => {
      clearTimeout(this.#doubt)
      this.#set({ ...this.#line, silent: false })
    })
    if (asked) this.#doubt = setTimeout(() => this.#set({ ...this.#line, silent: true }), ANSWER_MS)
  }

  #set(line: Omit<LineState, "online">): void {
    if (line.status !== "connected") clearTimeout(this.#doubt)
    this.#line = { ...line, online: navigator.onLine }
    this.#countDown()
    this.changed.tell()
  }

  #countDown(): void {
    clearTimeout(this.#tick)
    const { retryAt = 0 } = this.#line
    const left = retryAt - Date.now()
    if (left <= 0) return
    // At the moment when one second less is left.
    this.#tick = setTimeout(
      () => {
        this.changed.tell()
        this.#countDown()
      },
      left % 1000 || 1000,
    )
  }
}
