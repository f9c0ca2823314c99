import { longPoll, Presence, Socket, webSocket, type Channel, type PushOptions } from "rookery"
import { msgpack } from "rookery/msgpack"

/** The settings of the client in a page or a worker. */
export interface LabSettings {
  url: string
  user: string
  way?: "websocket" | "long-poll"
  serializer?: "json" | "msgpack"
  /** Whether the room keeps a history, by which the client recovers what it misses. */
  recovers?: boolean
  /** The delay of the first attempt after a lost connection, unless an event of the page triggers it earlier. */
  firstRetryMs?: number
}

/** A client on a page or in a worker, with a log of its events. */
export class Lab {
  readonly log: string[] = []
  #seen = 0
  #look: () => void = () => {}
  #socket: Socket | undefined
  #room: Channel | undefined

  constructor() {
    const document = globalThis.document as Document | undefined
    document?.addEventListener("visibilitychange", () => this.#note(document.visibilityState))
    document?.addEventListener("freeze", () => this.#note("frozen"))
    document?.addEventListener("resume", () => this.#note("resumed"))
    for (const event of ["online", "offline"]) addEventListener(event, () => this.#note(event))
    addEventListener(
      "pageshow",
      ({ persisted }: { persisted?: boolean }) => persisted && this.#note("out of the cache"),
    )
    addEventListener("securitypolicyviolation", (event) => {
      this.#note(`forbidden: ${(event as SecurityPolicyViolationEvent).violatedDirective}`)
    })
  }

  /** Connects, and joins the room. */
  async enter({ url, user, way, serializer, recovers, firstRetryMs = 20 }: LabSettings): Promise<void> {
    const socket = (this.#socket = new Socket(url, {
      transport: way === "long-poll" ? longPoll() : webSocket(),
      ...(serializer === "msgpack" && { serializer: msgpack() }),
      params: { user },
      reconnectAfterMs: (tries) => (tries === 1 ? firstRetryMs : 20),
      rejoinAfterMs: () => 20,
      heartbeatIntervalMs: 3_600_000,
      // A page of a busy machine may get no processor for longer than the default.
      wakeTimeoutMs: 10_000,
    }))
    socket.onStatus((status) => this.#note(status))
    socket.connect()
    const room = (this.#room = socket.channel(recovers ? "kept:1" : "room:1", {}, recovers ? { recover: true } : {}))
    const presence = new Presence(room)
    presence.onSync(() =>
      this.#note(
        `here: ${presence
          .list((key) => key)
          .sort()
          .join(" ")}`,
      ),
    )
    room.on("said", ({ text }) => this.#note(`said: ${text}`))
    // The callback runs at each rejoin too.
    await room.join().receive("ok", () => this.#note("joined"))
  }

  get status(): string | undefined {
    return this.#socket?.status
  }

  push(event: string, payload: object, options: PushOptions = {}): PromiseLike<unknown> {
    if (!this.#room) throw new Error("no room was joined")
    return this.#room.push(event, payload, options)
  }

  /** Waits for these entries, in this order, after those of earlier calls. */
  async logged(...entries: string[]): Promise<void> {
    for (const entry of entries) {
      for (;;) {
        const at = this.log.indexOf(entry, this.#seen)
        this.#seen = at === -1 ? this.#seen : at + 1
        if (at !== -1) break
        await new Promise<void>((resolve) => (this.#look = resolve))
      }
    }
  }

  #note(entry: string): void {
    this.log.push(entry)
    this.#look()
  }
}
