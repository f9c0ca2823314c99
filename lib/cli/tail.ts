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
import { EventFilter } from "./event-filter.js"
import { EXIT, exitCodeOf } from "./exit-codes.js"
import { farewell } from "./farewell.js"
import { tapped } from "./frame-log.js"
import { Inputs, INPUTS_HELP } from "./inputs.js"
import { isTerminal, say, type Io } from "./io.js"
import { toJsonText } from "./json-text.js"
import { watchPresence } from "./presence-lines.js"
import { TAIL_COMMANDS } from "./tail-commands.js"
import { TailOutput, type TailView } from "./tail-output.js"
import { TailPrompt } from "./tail-prompt.js"
import { UsageError } from "./usage-error.js"

/** The protocol's own, and what is shown as joins and leaves. */
const NOT_SHOWN = new Set(["phx_reply", "phx_error", "phx_close", "presence_state", "presence_diff"])

/** After these statuses the server refuses every further attempt. */
const FOR_GOOD = new Set([401, 403])

const isRefusedForGood = ({ lost }: StatusChange): boolean =>
  lost?.error instanceof ConnectError && FOR_GOOD.has(lost.error.status ?? 0)

/** The topics of a tail, and how their messages are shown. */
interface TailOptions {
  readonly topics: readonly string[]
  readonly filter: EventFilter
  readonly hasPrompt: boolean
  readonly showsJson: boolean
  readonly showsFrames: boolean
}

/** Prints one line of text for each message; everything else goes to standard error. */
const plainView = (io: Io, output: TailOutput, filter: EventFilter): TailView => ({
  message: (topic, event, payload) => filter.shows(event) && output.message(topic, event, payload),
  say: (text) => say(io, text),
  close: () => {},
})

class Tail {
  readonly #io: Io
  readonly #settings: ConnectionSettings
  readonly #view: TailView
  readonly #topics: ReadonlySet<string>
  readonly #showsFrames: boolean
  readonly #socket: Socket
  readonly #channels = new Map<string, Channel>()
  readonly #open = new Set<Channel>()
  #wasConnected = false
  #hasEnded = false
  #end: (code: number) => void = () => {}

  constructor(
    { topics, filter, hasPrompt, showsJson, showsFrames }: TailOptions,
    settings: ConnectionSettings,
    io: Io,
  ) {
    this.#io = io
    this.#settings = settings
    this.#topics = new Set(topics)
    this.#showsFrames = showsFrames
    const output = new TailOutput(io, showsJson)
    const controls = {
      topics: [...this.#topics],
      push: (topic: string, event: string, payload: unknown) => this.#push(topic, event, payload),
      end: (code: number) => this.#end(code),
    }
    this.#view = hasPrompt ? new TailPrompt(io, controls, filter) : plainView(io, output, filter)
    const { transport, serializer } = settings
    this.#socket = openSocket(settings, {
      transport: showsFrames ? tapped(transport, output.frames(serializer)) : transport,
    })
  }

  async run(): Promise<number> {
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
    for (const topic of this.#topics) this.#join(topic)
    socket.connect()
    socket.opened({ timeout: this.#settings.timeout, signal }).catch((error: unknown) => this.#notConnected(error))
    const code = await ended
    this.#view.close()
    await farewell(socket, this.#open)
    return code
  }

  #say(text: string): void {
    this.#view.say(text)
  }

  #push(topic: string, event: string, payload: unknown): PromiseLike<unknown> {
    const channel = this.#channels.get(topic)
    if (channel === undefined || !this.#open.has(channel)) throw new Error(`${topic} is not joined`)
    return channel.push(event, payload)
  }

  #join(topic: string): void {
    const channel = this.#socket.channel(topic, this.#settings.join)
    this.#channels.set(topic, channel)
    this.#open.add(channel)
    if (!this.#showsFrames) this.#show(channel)
    channel.onError((reason: Loose) => {
      if (reason?.source !== "transport") this.#say(`${topic} crashed; rejoining`)
    })
    channel.onClose((reason: Loose) => {
      if (reason !== "leave" && reason !== "destroyed") this.#closed(channel, `${topic} was closed by the server`)
    })
    // Printed at every join, including those after a reconnect.
    channel
      .join(this.#settings.timeout)
      .receive("ok", (response) => this.#say(`joined ${topic} ${toJsonText(response)}`))
      .receive("timeout", () => this.#say(`no answer to the join of ${topic}; trying again`))
      .receive("error", (response) => {
        channel.leave()
        this.#closed(channel, `${topic} refused the join: ${toJsonText(response)}`)
      })
  }

  #show(channel: Channel): void {
    const view = this.#view
    channel.onMessage = (event, payload) => {
      if (!NOT_SHOWN.has(event)) view.message(channel.topic, event, payload)
      return payload
    }
    watchPresence(channel, (event, change) => view.message(channel.topic, event, change))
  }

  /** A topic has ended for good; without any left there is nothing to wait for. */
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

const ONE = "leave one of the two out"

/**
 * Reads how a tail is shown. It has a prompt if a person types, unless the output is for programs.
 *
 * @returns a function to call once all arguments were read, one of which may have used standard input
 */
function readTail(args: Arguments, io: Io, inputs: Inputs): () => TailOptions {
  const events = args.value("event")
  const isAsked = args.flag("interactive")
  const [showsJson, showsFrames] = [args.flag("json"), args.flag("frames")]
  const other = ["json", "frames", "plain"].find((name) => args.flag(name))
  if (isAsked && other !== undefined)
    throw new UsageError(`--interactive has a prompt, and --${other} has none; ${ONE}`)
  if (showsFrames && events !== undefined)
    throw new UsageError(`--event picks messages, and --frames shows all; ${ONE}`)
  if (isAsked) inputs.openStdin("--interactive")
  const isTyped = isTerminal(io) && io.env["TERM"] !== "dumb" && other === undefined
  return () => ({
    topics: args.positionals.slice(1),
    filter: new EventFilter(events ?? ""),
    hasPrompt: isAsked || (isTyped && !inputs.useStdin),
    showsJson,
    showsFrames,
  })
}

/** `rookery tail`: prints every message of live topics. */
export const tail: Command = {
  name: "tail",
  usage: "<url> <topic...>",
  arity: [2, Infinity],
  about: [
    "Joins topics and prints every message, one per line: time, topic, event, payload.",
    "Presence is shown as presence_join, presence_leave and presence_update. The state of the",
    "connection goes to standard error; a lost one is restored by itself. Bytes in payloads are",
    'shown as {"$bytes":"<base64>"}. Ends with Ctrl-C (130), or with 2 when nothing can be tailed.',
    "",
    "In a terminal it has a prompt, where long payloads are folded:",
    "",
    ...TAIL_COMMANDS.map(({ name, usage, help }) => `  ${`${name} ${usage}`.padEnd(21)} ${help}`),
    "",
    INPUTS_HELP,
  ].join("\n"),
  options: {
    event: { value: "patterns", help: "only events such as 'new_*', and none such as '!typing'; with spaces between" },
    json: { help: "one JSON object per line: time, topic, event, payload" },
    frames: { help: "the raw frames instead, in both directions, including heartbeats" },
    plain: { help: "no prompt, even in a terminal, as for a background job" },
    interactive: { help: "a prompt even without a terminal: one command per line, until the input ends" },
    ...CONNECTION_OPTIONS,
  },
  examples: [
    "rookery tail ws://localhost:4000/socket room:lobby",
    "rookery tail wss://example.com/socket room:1 room:2 --param token=@token.txt --json | jq .payload",
    "rookery tail wss://example.com/socket room:lobby --auth-token @- --serializer msgpack --frames < token.txt",
    "rookery tail wss://example.com/socket room:lobby --event 'new_* !new_typing'",
  ],
  async run(args, io) {
    const inputs = new Inputs(io)
    const read = readTail(args, io, inputs)
    const settings = await readConnection(args.positionals[0] ?? "", args, io, inputs)
    return new Tail(read(), settings, io).run()
  },
}
