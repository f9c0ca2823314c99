import { vi } from "vitest"
import { CallLog } from "./call-log.js"
import { FakePage } from "./fake-page.js"
import type { ClientChannel, ClientPush, ClientSocket, Library, Subject } from "./libraries.js"
import { LongPollServer } from "./longpoll-server.js"
import { ReferenceApp } from "./fake-reference-app.js"

const ENDPOINT = "ws://example.test/socket"

/** Plays the steps of a row with one of the libraries. */
export class Stage {
  library: Library
  readonly log: CallLog = new CallLog()
  readonly server: ReferenceApp = new ReferenceApp(this.log)
  readonly #subject: Subject

  constructor(subject: Subject) {
    this.#subject = subject
    this.library = subject.library
    // Requests never get an answer; the log notes each of them.
    vi.stubGlobal("fetch", (url: string) => {
      this.note(`fetch ${url}`)
      return new Promise<never>(() => {})
    })
  }

  /** A callback that notes what it is called with. */
  see(name: string): (...args: unknown[]) => void {
    return (...args) => this.note(name, ...args)
  }

  note(words: string, ...values: unknown[]): void {
    this.log.note(words, ...values)
  }

  /** Empties the log: the steps so far only prepared the row. */
  forget(): void {
    this.log.forget()
  }

  /** Notes what a call returns, or that it throws. */
  attempt(words: string, call: () => unknown): void {
    try {
      this.note(words, call())
    } catch {
      this.note(`${words} throws`)
    }
  }

  async after(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms)
  }

  /** Makes a page; sockets that are made from now on see it. */
  page(): FakePage {
    const page = new FakePage()
    this.library = this.#subject.reload()
    return page
  }

  /** A server that takes long-poll too. */
  longPoll(): LongPollServer {
    return new LongPollServer(this.server, this.log)
  }

  /** A socket whose server is the reference app, not connected yet. */
  socket(options: object = {}, endpoint: string = ENDPOINT): ClientSocket {
    return new this.library.Socket(endpoint, { transport: this.server.WebSocket, ...this.#subject.options, ...options })
  }

  /** A socket that is open. */
  async connected(options: object = {}): Promise<ClientSocket> {
    const socket = this.socket(options)
    socket.connect()
    await this.after(5)
    return socket
  }

  /** A socket that is open, and a room that is joined. */
  async joined(topic = "room:1", options: object = {}): Promise<{ socket: ClientSocket; room: ClientChannel }> {
    const socket = await this.connected(options)
    const room = socket.channel(topic)
    room.join()
    await this.after(5)
    return { socket, room }
  }

  /** Notes every callback of a socket. */
  seeSocket(socket: ClientSocket): void {
    socket.onOpen(this.see("socket open"))
    socket.onError((error) => this.note("socket error", typeof error))
    socket.onClose(({ code, reason, wasClean }) => this.note("socket close", { code, reason, wasClean }))
  }

  /** Notes a channel's end and its errors. */
  seeChannel(channel: ClientChannel, name: string = channel.topic): void {
    channel.onError(this.see(`${name} error`))
    channel.onClose((reason, _ref, joinRef) => this.note(`${name} close`, reason, joinRef))
  }

  /** Notes every answer to a push. */
  seeAnswers(push: ClientPush, name: string): void {
    for (const status of ["ok", "error", "busy", "timeout"]) push.receive(status, this.see(`${name} ${status}`))
  }
}
