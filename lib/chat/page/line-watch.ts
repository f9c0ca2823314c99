import type { Socket } from "rookery"
import type { ChatTopics } from "../topics.js"
import { lightOf, type Light, type LineState } from "./light.js"
import { Signal } from "./signal.js"

/** How long an open connection may take to answer after the device's network changed. */
const ANSWER_MS = 3000

/** Follows a socket, the network and the clock, and provides the current state of the light. */
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

  /** Follows only this socket from now on. */
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

  /** Pings the server over an open connection, without waiting for the next heartbeat. */
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
    // At the moment when the displayed seconds change.
    this.#tick = setTimeout(
      () => {
        this.changed.tell()
        this.#countDown()
      },
      left % 1000 || 1000,
    )
  }
}
