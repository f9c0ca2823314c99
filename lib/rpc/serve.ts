import type { RpcSession, RpcSessionOptions } from "capnweb"
import { DisconnectedError, RookeryError, type Loose } from "rookery"
import type { Channel, ChannelHandlers, MaybePromise, ServerSocket } from "rookery/server"
import { BatchTransport } from "./batch-transport.js"
import { loadCapnweb } from "./load.js"
import { carriesBytes, makeProbe, readPayload, RPC } from "./wire.js"

/** The arguments of the function that creates a main object. */
export interface RpcRequest<Assigns = Loose> {
  readonly topic: string
  readonly params: Loose
  readonly socket: ServerSocket<Assigns>
  /** The channel that carries the session. */
  readonly channel: Channel<Loose, Assigns>
}

/** Options of {@link serveRpc}. */
export interface RpcServerOptions extends Pick<RpcSessionOptions, "limits"> {
  /**
   * Called with errors before they are sent to a client; returns the error to send instead.
   *
   * @default only their names and messages, without stacks, causes and other properties
   */
  onSendError?: (error: Error) => Error | void
  /**
   * The most objects that a client may make this end hold.
   *
   * @default 10_000
   */
  maxObjects?: number
}

/** The part of an endpoint that RPC uses. */
export interface RpcEndpoint<Assigns = Loose> {
  channel(pattern: string, handlers: ChannelHandlers<Loose, string, Assigns>): unknown
}

interface Live {
  readonly id: string
  readonly transport: BatchTransport
  readonly session: RpcSession
}

/**
 * Only the name and the message: capnweb would also send an error's other properties, and `cause`s may reveal secrets.
 */
function bareError(error: Error): Error {
  const bare = new Error(error.message)
  bare.name = error.name
  // An empty stack is not sent.
  bare.stack = ""
  return bare
}

const isDisposable = (main: unknown): main is Disposable =>
  (typeof main === "object" || typeof main === "function") && main !== null && Symbol.dispose in main

function dispose(main: unknown): void {
  if (isDisposable(main)) main[Symbol.dispose]()
}

/** The sessions of one channel: one at a time. */
class ServedChannel {
  readonly #channel: Channel<Loose, Loose>
  readonly #makeMain: () => MaybePromise<unknown>
  readonly #options: RpcServerOptions
  /** Created at the join, for the first session. */
  #firstMain: { readonly main: unknown } | undefined
  #live: Live | undefined

  constructor(
    channel: Channel<Loose, Loose>,
    makeMain: () => MaybePromise<unknown>,
    main: unknown,
    options: RpcServerOptions,
  ) {
    this.#channel = channel
    this.#makeMain = makeMain
    this.#firstMain = { main }
    this.#options = options
  }

  async receive(payload: unknown): Promise<unknown> {
    const read = readPayload(payload)
    if (read === undefined) throw new RookeryError("bad_frame", "this is not an RPC message")
    if ("open" in read) return this.#open(read.open, carriesBytes(read.probe))
    if ("messages" in read) this.#take(read.id, read.messages)
    else if (this.#live?.id === read.close) this.end(over())
    return {}
  }

  end(error: unknown): void {
    const live = this.#live
    this.#live = undefined
    live?.transport.fail(error)
    const first = this.#firstMain
    this.#firstMain = undefined
    if (first !== undefined) dispose(first.main)
  }

  async #open(id: string, bytes: boolean): Promise<unknown> {
    const channel = this.#channel
    const { RpcSession } = await loadCapnweb()
    // The client may disconnect during each `await`, and then `end` has been called for it.
    if (!channel.joined) return {}
    const { main } = this.#firstMain ?? { main: await this.#makeMain() }
    this.#firstMain = undefined
    this.end(over())
    if (!channel.joined) {
      dispose(main)
      return {}
    }
    const transport = new BatchTransport({
      bytes,
      send: (messages) => channel.push(RPC, { id, messages }),
      aborted: (reason) => this.#aborted(id, reason),
      failed: (error) => this.#aborted(id, error),
    })
    const { limits, onSendError = bareError } = this.#options
    const session = new RpcSession(transport, main, { onSendError, ...(limits && { limits }) })
    this.#live = { id, transport, session }
    return { probe: makeProbe() }
  }

  #take(id: string, messages: readonly unknown[]): void {
    const live = this.#live
    // The session has given up: the client is told, unless it knows already.
    if (live?.id !== id) return this.#channel.push(RPC, { close: id, error: "there is no such session" })
    const { imports, exports } = live.session.getStats()
    if (imports + exports + messages.length > (this.#options.maxObjects ?? 10_000)) {
      const error = new RookeryError("buffer_full", "too many objects are held; dispose of those that are not used")
      live.transport.fail(error)
      return this.#aborted(id, error)
    }
    live.transport.take(messages)
  }

  #aborted(id: string, reason: unknown): void {
    if (this.#live?.id !== id) return
    this.#live = undefined
    const error = reason instanceof Error ? reason.message : String(reason)
    if (this.#channel.joined) this.#channel.push(RPC, { close: id, error })
  }
}

const over = (): DisconnectedError => new DisconnectedError("disconnected", "the RPC session was ended")

/**
 * Serves RPC on the channels of a pattern. A main object is created for each session, and disposed of with it; a thrown
 * `Refused` refuses the join.
 *
 * ```ts
 * serveRpc(endpoint, "rpc:*", ({ socket }) => new Api(socket.assigns.user))
 * ```
 */
export function serveRpc<Assigns = Loose>(
  endpoint: RpcEndpoint<Assigns>,
  pattern: string,
  main: (request: RpcRequest<Assigns>) => unknown,
  options: RpcServerOptions = {},
): void {
  const served = new WeakMap<object, ServedChannel>()
  endpoint.channel(pattern, {
    async join({ topic, params, socket }, channel) {
      const make = (): unknown => main({ topic, params, socket, channel })
      const session = new ServedChannel(channel, make, await make(), options)
      served.set(channel, session)
      // Not `terminate`, which is only called for channels whose join was answered; the client may disconnect before
      // that.
      const { signal } = channel
      if (signal.aborted) session.end(over())
      else signal.addEventListener("abort", () => session.end(over()), { once: true })
    },
    receive: { [RPC]: (payload: unknown, channel) => served.get(channel)?.receive(payload) },
  })
}
