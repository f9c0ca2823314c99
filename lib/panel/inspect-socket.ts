import type { Channel, LostReason, Message, MessageSerializer, Ref, Socket, Status, StatusChange } from "rookery"
import { previewOf, shownText } from "../inspect/preview.js"
import { dateOf } from "../protocol/clock.js"
import { HEARTBEAT, PHOENIX_TOPIC } from "../protocol/events.js"
import type { SocketChannel, SocketReport, SocketSnapshot } from "./reports.js"
import { tap, type Tapped } from "./tap.js"

/** Options of {@link inspectSocket}. */
export interface InspectSocketOptions {
  /** Further names of payload keys whose values are hidden. @default the usual names of secrets */
  readonly secrets?: RegExp | undefined
  /**
   * Serializers whose size for each message is reported, in addition to that of the frame. Each encodes every message
   * once more.
   *
   * @default none
   */
  readonly compare?: readonly MessageSerializer[] | undefined
}

/** An inspection of a client's socket. */
export interface SocketInspection {
  /** Calls back for each report, until the returned function is called. */
  listen(listener: (report: SocketReport) => void): () => void
  /** The state of the socket. */
  snapshot(): SocketSnapshot
  /** The first channels of the socket, by default all of them. */
  channels(most?: number): SocketChannel[]
}

const utf8 = new TextEncoder()

const bytesOf = (frame: Tapped["frame"]): number =>
  typeof frame === "string" ? utf8.encode(frame).length : "size" in frame ? frame.size : frame.byteLength

const shownRef = (ref: Ref): string | null => (ref === null ? null : shownText(String(ref)))

function lostText({ code, reason, error }: LostReason): string | null {
  if (error !== undefined) return shownText(error instanceof Error ? error.message : String(error))
  if (code === undefined) return null
  return reason ? `closed with ${code}: ${shownText(reason)}` : `closed with ${code}`
}

const NOT_LOST = { tries: 0, retryAt: undefined, lost: null }

class Inspection implements SocketInspection {
  readonly #socket: Socket
  readonly #secrets: RegExp | undefined
  readonly #compare: readonly MessageSerializer[]
  readonly #listeners = new Set<{ readonly call: (report: SocketReport) => void }>()
  readonly #messages = { sent: 0, received: 0 }
  readonly #bytes = new Map<string, { sent: number; received: number }>()
  /** The times at which unanswered heartbeats were sent. */
  readonly #heartbeats = new Map<Ref, number>()
  #latencyMs: number | null = null
  #attempts: { tries: number; retryAt: number | undefined; lost: string | null } = NOT_LOST
  #stop = (): void => {}

  constructor(socket: Socket, { secrets, compare = [] }: InspectSocketOptions) {
    this.#socket = socket
    this.#secrets = secrets
    this.#compare = compare
  }

  listen(listener: (report: SocketReport) => void): () => void {
    const entry = { call: listener }
    this.#listeners.add(entry)
    if (this.#listeners.size === 1) this.#start()
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#stop()
    }
  }

  snapshot(): SocketSnapshot {
    const { channels, status } = this.#socket
    const { tries, retryAt, lost } = this.#attempts
    return {
      status,
      tries,
      retryInMs: retryAt === undefined ? null : Math.max(0, retryAt - this.#socket.options.clock.now()),
      lost,
      latencyMs: this.#latencyMs,
      channels: channels.size,
      messages: { ...this.#messages },
      bytes: Object.fromEntries([...this.#bytes].map(([name, bytes]) => [name, { ...bytes }])),
    }
  }

  channels(most: number = Infinity): SocketChannel[] {
    const found: SocketChannel[] = []
    // Some sockets have ten thousand.
    for (const { topic, state } of this.#socket.channels.values() as unknown as Iterable<Channel>) {
      if (found.length >= most) break
      found.push({ topic: shownText(topic), state })
    }
    return found
  }

  #start(): void {
    const socket = this.#socket
    const status = socket.onStatus((status, change) => this.#status(status, change))
    const untap = tap(socket, {
      message: (tapped) => this.#message(tapped),
      failed: (direction, error) =>
        this.#tell({ kind: "error", at: this.#at(), direction, message: shownText((error as Error).message) }),
    })
    this.#stop = () => {
      socket.off([status])
      untap()
      // Changes from here on are not seen.
      this.#forget()
    }
  }

  #forget(): void {
    this.#heartbeats.clear()
    this.#latencyMs = null
    this.#attempts = NOT_LOST
  }

  #status(status: Status, { tries, retryInMs, lost }: StatusChange): void {
    // A heartbeat may be on its way already when the socket says that it is connected.
    if (status !== "connected") this.#forget()
    const { clock } = this.#socket.options
    const why = lost === undefined ? null : lostText(lost)
    const retryAt = retryInMs === undefined ? undefined : clock.now() + retryInMs
    this.#attempts = status === "connected" ? NOT_LOST : { tries, retryAt, lost: why }
    this.#tell({ kind: "status", at: this.#at(), status, tries, retryInMs: retryInMs ?? null, lost: why })
  }

  #message({ direction, message, frame }: Tapped): void {
    const { topic, event, join_ref, ref, payload, offset } = message
    const bytes = bytesOf(frame)
    const serializer = this.#serializer()
    this.#messages[direction]++
    const carried = this.#bytes.get(serializer) ?? { sent: 0, received: 0 }
    carried[direction] += bytes
    this.#bytes.set(serializer, carried)
    this.#tell({
      kind: "message",
      at: this.#at(),
      direction,
      topic: shownText(topic),
      event: shownText(event),
      joinRef: shownRef(join_ref),
      ref: shownRef(ref),
      offset: offset ?? null,
      payload: previewOf(payload, this.#secrets),
      serializer,
      form: typeof frame === "string" ? "text" : "binary",
      bytes,
      sizes: this.#sizes(direction, message, serializer, bytes),
    })
    if (topic === PHOENIX_TOPIC) this.#heartbeat(direction, event, ref)
  }

  /** Every heartbeat measures the latency, both the socket's own and those of `ping()`. */
  #heartbeat(direction: Tapped["direction"], event: string, ref: Ref): void {
    const now = this.#socket.options.clock.now()
    if (direction === "sent") {
      if (event === HEARTBEAT) this.#heartbeats.set(ref, now)
      return
    }
    const sent = this.#heartbeats.get(ref)
    if (sent === undefined) return
    this.#heartbeats.delete(ref)
    this.#latencyMs = now - sent
    this.#tell({ kind: "latency", at: this.#at(), ms: this.#latencyMs })
  }

  /** The name of the serializer that the connection speaks: over long-poll it may be another than that of the options. */
  #serializer(): string {
    const { options, codec } = this.#socket
    return codec === options.serializer.client ? options.serializer.name : "json"
  }

  #sizes(
    direction: Tapped["direction"],
    message: Message,
    serializer: string,
    bytes: number,
  ): Readonly<Record<string, number>> {
    const sizes: Record<string, number> = {}
    for (const { name, client, server } of this.#compare) {
      try {
        // A received message is measured as a server encodes it.
        const codec = direction === "sent" ? client : server
        sizes[name] = name === serializer ? bytes : bytesOf(codec.encode(message))
      } catch {
        // A serializer that cannot encode the message has no size for it.
      }
    }
    return sizes
  }

  #at(): number {
    return dateOf(this.#socket.options.clock)
  }

  #tell(report: SocketReport): void {
    for (const listener of this.#listeners) {
      try {
        listener.call(report)
      } catch (error) {
        this.#socket.report(error)
      }
    }
  }
}

/**
 * Reports what a client's socket does: its status, each message with its frame's bytes, and the latency. Listening
 * changes nothing for the socket and its channels, and without a listener it costs nothing.
 *
 * ```ts
 * const inspection = inspectSocket(socket)
 * const stop = inspection.listen((report) => console.log(report))
 * ```
 */
export function inspectSocket(socket: Socket, options: InspectSocketOptions = {}): SocketInspection {
  return new Inspection(socket, options)
}
