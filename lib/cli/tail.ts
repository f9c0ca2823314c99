import {
  ConnectError,
  RookeryError,
  type Channel,
  type Loose,
  type Socket,
  type Status,
  type StatusChange,
} from "rookery"
import type { Arguments } from "./arguments.js"
import type { Command } from "./command.js"
import { CONNECTION_OPTIONS, openSocket, readConnection, type ConnectionSettings } from "./connection-options.js"
import { describeError, describeLost } from "./describe-error.js"
import { EXIT, exitCodeOf } from "./exit-codes.js"
import { farewell } from "./farewell.js"
import { tapped } from "./frame-log.js"
import { INPUTS_HELP } from "./inputs.js"
import { say, type Io } from "./io.js"
import { toJsonText } from "./json-text.js"
import { watchPresence } from "./presence-lines.js"
import { TailOutput } from "./tail-output.js"

/** The protocol's own, and what is shown as joins and leaves. */
const NOT_SHOWN = new Set(["phx_reply", "phx_error", "phx_close", "presence_state", "presence_diff"])

/** After these the server does not want us any more, however often it is asked. */
const FOR_GOOD = new Set([401, 403])

const isRefusedForGood = ({ lost }: StatusChange): boolean =>
  lost?.error instanceof ConnectError && FOR_GOOD.has(lost.error.status ?? 0)

class Tail {
  readonly #io: Io
  readonly #settings: ConnectionSettings
  readonly #output: TailOutput
  readonly #showsFrames: boolean
  readonly #socket: Socket
  readonly #open = new Set<Channel>()
  #wasConnected = false
  #hasEnded = false
  #end: (code: number) => void = () => {}

  constructor(args: Arguments, settings: ConnectionSettings, io: Io) {
    this.#io = io
    this.#settings = settings
    this.#output = new TailOutput(io, args.flag("json"))
    this.#showsFrames = args.flag("frames")
    const { transport, serializer } = settings
    this.#socket = openSocket(settings, {
      transport: this.#showsFrames ? tapped(transport, this.#output.frames(serializer)) : transport,
    })
  }

  async run(topics: readonly string[]): Promise<number> {
    const { signal } = this.#io
    const socket = this.#socket
    const ended = new Promise<number>((resolve) => {
      this.#end = (code) => {
        this.#hasEnded = true
        resolve(code)
      }
    })
    const stop = (): void => this.#end(exitCodeOf(signal))
    signal.addEventListener("abort", stop, { once: true })
    if (signal.aborted) stop()
    // The status tells why a connection broke; the remaining errors are invalid frames.
    socket.onError((error) => {
      if (error instanceof RookeryError && !(error instanceof ConnectError)) this.#say(describeError(error))
    })
    socket.onStatus((status, change) => this.#statusChanged(status, change))
    for (const topic of new Set(topics)) this.#join(topic)
    socket.connect()
    socket.opened({ timeout: this.#settings.timeout, signal }).catch((error: unknown) => this.#notConnected(error))
    const code = await ended
    await farewell(socket, this.#open)
    return code
  }

  #say(text: string): void {
    say(this.#io, text)
  }

  #join(topic: string): void {
    const channel = this.#socket.channel(topic, this.#settings.join)
    this.#open.add(channel)
    if (!this.#showsFrames) this.#show(channel)
    channel.onError((reason: Loose) => {
      if (reason?.source !== "transport") this.#say(`${topic} crashed; it is joined again`)
    })
    channel.onClose((reason: Loose) => {
      if (reason !== "leave" && reason !== "destroyed") this.#closed(channel, `${topic} was closed by the server`)
    })
    // Told at every join, those after a reconnect too.
    channel
      .join(this.#settings.timeout)
      .receive("ok", (response) => this.#say(`joined ${topic} ${toJsonText(response)}`))
      .receive("timeout", () => this.#say(`no answer to the join of ${topic}; it is tried again`))
      .receive("error", (response) => {
        channel.leave()
        this.#closed(channel, `${topic} refused the join: ${toJsonText(response)}`)
      })
  }

  #show(channel: Channel): void {
    const output = this.#output
    channel.onMessage = (event, payload) => {
      if (!NOT_SHOWN.has(event)) output.message(channel.topic, event, payload)
      return payload
    }
    watchPresence(channel, (event, change) => output.message(channel.topic, event, change))
  }

  /** A topic is gone for good; without any there is nothing left to wait for. */
  #closed(channel: Channel, why: string): void {
    if (!this.#open.delete(channel)) return
    this.#say(why)
    if (this.#open.size === 0) this.#end(EXIT.unreachable)
  }

  #statusChanged(status: Status, change: StatusChange): void {
    if (status === "connected") {
      this.#say(`${this.#wasConnected ? "connected again" : "connected"} to ${this.#settings.shownUrl}`)
      this.#wasConnected = true
    } else if (change.retryInMs !== undefined) {
      const why = describeLost(change.lost)
      if (!this.#wasConnected || isRefusedForGood(change)) return this.#notConnected(change.lost?.error ?? why)
      const what = change.tries > 1 ? "still no connection" : "the connection was lost"
      this.#say(`${what}: ${why}; trying again in ${(change.retryInMs / 1000).toFixed(1)} s`)
    }
  }

  #notConnected(error: unknown): void {
    if (this.#hasEnded) return
    this.#say(`cannot connect to ${this.#settings.shownUrl}: ${describeError(error)}`)
    this.#end(EXIT.unreachable)
  }
}

/** `rookery tail`: prints every message of live topics. */
export const tail: Command = {
  name: "tail",
  usage: "<url> <topic...>",
  arity: [2, Infinity],
  about: [
    "Joins topics and prints every message of theirs, a line each: time, topic, event, payload.",
    "Presence is shown as presence_join, presence_leave and presence_update. What happens to the",
    "connection is said on standard error; a lost one comes back by itself. Bytes in payloads are",
    'shown as {"$bytes":"<base64>"}. Ends with Ctrl-C (130), or with 2 when nothing can be tailed.',
    "",
    INPUTS_HELP,
  ].join("\n"),
  options: {
    json: { help: "a JSON object a line: time, topic, event, payload" },
    frames: { help: "the raw wire instead, both ways, heartbeats too" },
    ...CONNECTION_OPTIONS,
  },
  examples: [
    "rookery tail ws://localhost:4000/socket room:lobby",
    "rookery tail wss://example.com/socket room:1 room:2 --param token=@token.txt --json | jq .payload",
    "rookery tail wss://example.com/socket room:lobby --auth-token @- --serializer msgpack --frames < token.txt",
  ],
  async run(args, io) {
    const [url = "", ...topics] = args.positionals
    return new Tail(args, await readConnection(url, args, io), io).run(topics)
  },
}
