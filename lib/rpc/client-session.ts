import type { RpcCompatible, RpcSession, RpcSessionOptions, RpcStub } from "capnweb"
import { DisconnectedError, RookeryError, type Channel, type Loose, type Push } from "rookery"
import { BatchTransport } from "./batch-transport.js"
import { isMissing, loadCapnweb } from "./load.js"
import { carriesBytes, makeProbe, readPayload, RPC, type RpcOpened } from "./wire.js"

/** Options of {@link rpcSession}: those of capnweb. */
export interface RpcClientOptions extends Pick<RpcSessionOptions, "onSendError" | "limits"> {}

/** Called at every new session with the server's main object. */
export type SessionHandler<Remote extends RpcCompatible<Remote>> = (main: RpcStub<Remote>) => void

/**
 * RPC over a channel. After a lost connection a new session begins with the rejoin, and stubs of the old one are broken. A
 * session that the server ended, or one of whose messages was not answered in time, is followed by a new one at once.
 */
export interface ChannelRpc<Remote extends RpcCompatible<Remote>> {
  /**
   * The main object of the server.
   *
   * @throws a `RookeryError` with code `disconnected` while there is no session; see {@link ChannelRpc.ready}
   */
  readonly main: RpcStub<Remote>
  /**
   * Resolves with the main object of the server as soon as there is a session; on a joined channel without one it opens
   * a session. Rejects if the RPC has ended for good, or cannot begin.
   */
  ready(): Promise<RpcStub<Remote>>
  /** Calls back at every session, including the current one. The returned function removes the callback. */
  onSession(handler: SessionHandler<Remote>): () => void
  /** How many objects of the other end this end holds, and the reverse. */
  stats(): { imports: number; exports: number }
  /** Ends the RPC for good: all stubs break. The channel stays joined. */
  close(): void
  [Symbol.dispose](): void
}

interface Live<Remote extends RpcCompatible<Remote>> {
  readonly id: string
  readonly transport: BatchTransport
  readonly session: RpcSession<Remote>
  readonly main: RpcStub<Remote>
}

let sessions = 0
const makeId = (): string => `${++sessions}-${Math.random().toString(36).slice(2)}`

const noSession = (cause?: unknown): RookeryError =>
  new RookeryError("disconnected", "there is no RPC session now; await ready(), or use onSession()", cause)

const lost = (topic: string): DisconnectedError =>
  new DisconnectedError("disconnected", `the RPC session on ${topic} was lost; use the stubs of the next one`)

const ended = (reason = "it was ended by the server"): RookeryError =>
  new RookeryError("disconnected", `the RPC session is over: ${reason}`)

const closedError = (): RookeryError =>
  new RookeryError("channel_closed", "the RPC session was ended; begin another with rpcSession()")

/** One channel's RPC, from join to join. */
class ClientRpc<Remote extends RpcCompatible<Remote>> implements ChannelRpc<Remote> {
  readonly #channel: Channel
  readonly #localMain: unknown
  readonly #options: RpcClientOptions
  readonly #handlers = new Set<SessionHandler<Remote>>()
  readonly #waiting = new Set<{ resolve(main: RpcStub<Remote>): void; reject(error: unknown): void }>()
  readonly #listening = new AbortController()
  #live: Live<Remote> | undefined
  /** The session that is being opened, or is open. */
  #id: string | undefined
  /** Whether the last session broke, and no later one has been answered yet. */
  #hasRetried = false
  #failure: unknown

  constructor(channel: Channel, localMain: unknown, options: RpcClientOptions) {
    this.#channel = channel
    this.#localMain = localMain
    this.#options = options
    const { signal } = this.#listening
    channel.listen(RPC, (payload) => this.#receive(payload), { signal })
    channel.listen("phx_error", () => this.#drop(lost(channel.topic)), { signal })
    channel.listen("phx_close", () => this.#end(closedError()), { signal })
    // The replies include those to joins and rejoins.
    channel.listen("phx_reply", (_reply, ref, joinRef) => void (ref === joinRef && this.#joined()), { signal })
    this.#joined()
  }

  get main(): RpcStub<Remote> {
    if (this.#live === undefined) throw this.#failure ?? noSession()
    return this.#live.main
  }

  ready(): Promise<RpcStub<Remote>> {
    return new Promise((resolve, reject) => {
      // A stub answers to any method, even `then`, so it must not be treated as a promise.
      if (this.#live !== undefined) resolve(this.#live.main)
      else if (this.#failure !== undefined) reject(this.#failure as Error)
      else {
        this.#waiting.add({ resolve, reject })
        // The last session has ended, and while the channel stays joined, no rejoin starts another.
        if (this.#id === undefined) this.#reopen()
      }
    })
  }

  onSession(handler: SessionHandler<Remote>): () => void {
    this.#handlers.add(handler)
    if (this.#live !== undefined) this.#tell(handler, this.#live.main)
    return () => this.#handlers.delete(handler)
  }

  stats(): { imports: number; exports: number } {
    return this.#live?.session.getStats() ?? { imports: 0, exports: 0 }
  }

  close(): void {
    if (this.#id !== undefined && this.#channel.state === "joined") this.#push({ close: this.#id })
    this.#end(closedError())
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #joined(): void {
    if (this.#channel.state !== "joined") return
    this.#hasRetried = false
    this.#begin((error) => {
      // Otherwise a program that only listens for sessions would wait without an error.
      if (this.#waiting.size === 0 && isMissing(error)) this.#channel.socket.report(error)
      this.#end(error)
    })
  }

  /** Opens another session on the same join. If that fails, the next `ready()` tries again, and so does the rejoin. */
  #reopen(): void {
    if (this.#channel.state !== "joined") return
    this.#begin((error) => {
      this.#id = undefined
      if (this.#waiting.size === 0) this.#channel.socket.report(error)
      this.#refuse(error)
    })
  }

  #begin(onFailure: (error: unknown) => void): void {
    const id = (this.#id = makeId())
    this.#open(id).catch((error: unknown) => {
      if (this.#id === id) onFailure(error)
    })
  }

  async #open(id: string): Promise<void> {
    const { RpcSession } = await loadCapnweb()
    // Closed meanwhile: the server would open a session that nobody closes.
    if (this.#id !== id) return
    const { probe } = (await this.#push({ open: id, probe: makeProbe() })) as RpcOpened
    // The connection may have been lost in the meantime, and another session may be starting.
    if (this.#id !== id) return
    const transport = new BatchTransport({
      bytes: carriesBytes(probe),
      send: (messages) => this.#push({ id, messages }),
      // The program may have disposed of the main object: another session is opened when it asks for one.
      aborted: (reason) => void (this.#id === id && this.#drop(reason)),
      failed: (error) => this.#broken(id, error),
    })
    const session = new RpcSession<Remote>(transport, this.#localMain, this.#options)
    const main = session.getRemoteMain()
    this.#live = { id, transport, session, main }
    for (const { resolve } of this.#waiting) resolve(main)
    this.#waiting.clear()
    for (const handler of [...this.#handlers]) this.#tell(handler, main)
  }

  /** A handler that throws must not end the session, nor stop the other handlers. */
  #tell(handler: SessionHandler<Remote>, main: RpcStub<Remote>): void {
    try {
      handler(main)
    } catch (error) {
      this.#channel.socket.report(error)
    }
  }

  #push(payload: unknown): Push {
    return this.#channel.push(RPC, payload)
  }

  #receive(payload: unknown): void {
    const read = readPayload(payload)
    const live = this.#live
    if (read === undefined || live === undefined) return
    if ("messages" in read && read.id === live.id) {
      this.#hasRetried = false
      live.transport.take(read.messages)
    } else if ("close" in read && read.close === live.id) this.#broken(live.id, ended(read.error))
  }

  /** The server ended the session, or a message was lost. Another session follows, unless the last one broke as well. */
  #broken(id: string, reason: unknown): void {
    if (this.#id !== id) return
    this.#drop(reason)
    if (this.#hasRetried) return
    this.#hasRetried = true
    this.#reopen()
  }

  #drop(error: unknown): void {
    this.#id = undefined
    const live = this.#live
    this.#live = undefined
    live?.transport.fail(error)
  }

  /** Ends everything; no session follows. */
  #end(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#listening.abort()
    this.#drop(error)
    this.#refuse(error)
    this.#handlers.clear()
  }

  #refuse(error: unknown): void {
    for (const { reject } of this.#waiting) reject(error)
    this.#waiting.clear()
  }
}

/**
 * RPC over a channel with a server that uses `serveRpc`. Await `ready()`, or use `onSession` to get every session:
 * after a lost connection all stubs are broken, and a new session begins with the rejoin.
 *
 * ```ts
 * const rpc = rpcSession<Api>(socket.channel("rpc:chat"))
 * rpc.onSession(async (api) => console.log(await api.hello("Ada")))
 * ```
 *
 * @param localMain the object whose methods the server may call; objects and functions passed as arguments do not need
 * it
 */
export function rpcSession<Remote extends RpcCompatible<Remote>>(
  channel: Channel<Loose>,
  localMain?: unknown,
  options: RpcClientOptions = {},
): ChannelRpc<Remote> {
  return new ClientRpc<Remote>(channel as Channel, localMain, options)
}
