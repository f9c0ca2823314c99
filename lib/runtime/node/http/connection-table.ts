import type { IncomingMessage, ServerResponse } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { Server as TlsServer, type TLSSocket } from "node:tls"
import type { Clock } from "../../../protocol/clock.js"
import type { LimitName, Limits } from "../../../protocol/limits.js"
import { peerOf, rememberPeer } from "./client-address.js"
import { AddressCounts } from "../../../server/limits/address-counts.js"
import { AddressRate } from "../../../server/limits/address-rate.js"
import { DeadlineQueue } from "../../../server/support/deadline-queue.js"
import type { AnyHttpServer } from "./any-http-server.js"
import { openFiles } from "./open-files.js"

/** The limits that a {@link ConnectionTable} holds. */
export type ConnectionLimits = Pick<
  Limits,
  | "tcpConnections"
  | "tcpConnectionsPerAddress"
  | "halfOpen"
  | "handshakeMs"
  | "pipelined"
  | "requestsPerSecond"
  | "requestBurst"
  | "messageMs"
  | "messageBytes"
  | "closeMs"
>

/** Options of a {@link ConnectionTable}. */
export interface ConnectionTableOptions {
  readonly limits: ConnectionLimits
  readonly clock: Clock
  /** Whether a peer is a trusted proxy, whose connections are those of many clients. */
  isProxy(address: string): boolean
  /** Called with a limit that a connection hit, and with the address of the connection. */
  onLimit(limit: LimitName, address: string | undefined): void
}

/** A TCP connection from its accept to its end. */
class Connection {
  /** The stream that requests come by: the socket itself, or TLS over it once its handshake is over. */
  stream: Duplex | undefined
  /** Both ends of it while its TLS handshake lasts. */
  handshake: string | undefined
  /** The state that the connection is in. A websocket has none: it has deadlines of its own. */
  state: DeadlineQueue<Connection> | undefined
  /** Requests that have no answer yet. */
  unanswered = 0
  /** Requests and websockets that the endpoint serves on it. */
  served = 0
  /** Bytes of an answer that the client had not taken when it was looked last. */
  unread = 0
  /** A request whose answer was sent before its body had wholly come. */
  unfinished: IncomingMessage | undefined

  constructor(
    readonly socket: Duplex,
    readonly server: AnyHttpServer,
    readonly address: string | undefined,
    readonly proxied: boolean,
    /** Takes it off the count of its address. */
    readonly release: () => void,
  ) {}
}

const REQUEST_TIMEOUT = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

/** Node's timers go no further. */
const LONGEST_MS = 2 ** 31 - 1

/** Of the files that the process may open, as many for connections; the others are for its log and its stores. */
const SHARE_OF_FILES = 0.9
/** And as many for those of one address. */
const SHARE_OF_ADDRESS = 0.75

const ignore = (): void => {}

const shareOf = (limit: number, share: number): number =>
  limit === Infinity ? limit : Math.max(1, Math.min(limit, Math.floor(share * openFiles())))

/** Whether a connection was accepted by TCP, and was reset by its client since. Unix sockets never have an address. */
function wasReset(
  connection: Duplex & { readonly remoteAddress?: string | undefined },
  server: AnyHttpServer,
): boolean {
  if (connection.remoteAddress !== undefined || !(connection instanceof Socket)) return false
  const address = server.address()
  return typeof address === "object" && address !== null
}

const ends = ({ remoteAddress, remotePort, localPort }: Socket): string => `${remoteAddress}|${remotePort}|${localPort}`

/**
 * All TCP connections of the servers that an endpoint is attached to, each counted from its accept to its end by the
 * address that it was accepted from, whatever it does meanwhile: a TLS handshake, headers or a body that drip, an answer
 * that the client does not read, a websocket, the time after a close. Each state ends by a deadline, and where there are
 * too many connections the one that has been in its state the longest ends, not the one that has just come: an honest
 * client needs a round trip.
 */
export class ConnectionTable {
  readonly #options: ConnectionTableOptions
  readonly #most: number
  readonly #mostOfAddress: number
  readonly #all = new Set<Connection>()
  readonly #byStream = new WeakMap<Duplex, Connection>()
  /** Connections whose TLS handshake is not over, by both of their ends. */
  readonly #handshakes = new Map<string, Connection>()
  readonly #byAddress = new AddressCounts()
  readonly #requests = new AddressRate()
  /** No request has wholly come yet. */
  readonly #opening: DeadlineQueue<Connection>
  /** It is being closed, or the rest of a body that was answered already is thrown away. */
  readonly #ending: DeadlineQueue<Connection>
  /** An answer of the endpoint was given, and the client has not taken all of it. */
  readonly #answering: DeadlineQueue<Connection>
  /** It waits for an answer, or for a request: the server has deadlines for that. */
  readonly #open: DeadlineQueue<Connection>
  /** Connections that `close` waits for. */
  readonly #own = new Set<Connection>()
  #ownServer: AnyHttpServer | undefined
  #closing = false
  #emptied: (() => void) | undefined

  constructor(options: ConnectionTableOptions) {
    const { limits, clock } = options
    this.#options = options
    this.#most = shareOf(limits.tcpConnections, SHARE_OF_FILES)
    this.#mostOfAddress = shareOf(limits.tcpConnectionsPerAddress, SHARE_OF_ADDRESS)
    this.#opening = new DeadlineQueue(limits.handshakeMs, clock, (late) => this.#timeOut(late))
    this.#ending = new DeadlineQueue(limits.closeMs, clock, (late) => this.#endOf(late))
    this.#answering = new DeadlineQueue(limits.messageMs, clock, (late) => this.#checkRead(late))
    this.#open = new DeadlineQueue(Infinity, clock, ignore)
  }

  /** How many connections there are. */
  get size(): number {
    return this.#all.size
  }

  /** Makes all connections of a server the endpoint's own, also those that ask for paths of nobody. */
  own(server: AnyHttpServer): void {
    this.#ownServer = server
  }

  /** A server has accepted a connection. */
  accepted(socket: Duplex & { readonly remoteAddress?: string | undefined }, server: AnyHttpServer): void {
    // Between two listeners of Node and of ours an error would be nobody's, and end the process.
    socket.on("error", ignore)
    if (wasReset(socket, server)) return void socket.destroy()
    const secure = server instanceof TlsServer
    // Without an address TLS and the socket below it cannot be brought together, so that TLS alone is counted.
    if (secure && socket.remoteAddress === undefined) return
    const connection = this.#add(socket, server)
    if (connection === undefined) return
    if (!secure) return this.#carry(connection, socket)
    connection.handshake = ends(socket as Socket)
    this.#handshakes.set(connection.handshake, connection)
  }

  /** The TLS handshake of a connection is over. */
  secured(stream: TLSSocket, server: AnyHttpServer): void {
    stream.on("error", ignore)
    if (wasReset(stream, server)) return void stream.destroy()
    const key = ends(stream)
    const connection = this.#handshakes.get(key) ?? this.#add(stream, server)
    this.#handshakes.delete(key)
    if (connection !== undefined) this.#carry(connection, stream)
  }

  /** A request has come, for the endpoint or for somebody else. Returns whether to answer it. */
  requested(stream: Duplex, response: ServerResponse): boolean {
    // Node still hands over the requests that it has read from a connection that was destroyed since.
    if (stream.destroyed) return false
    const connection = this.#byStream.get(stream)
    if (connection === undefined) return true
    const { limits, onLimit } = this.#options
    // Requests that were sent in one write are read in one go, and a thousand of them fit into it.
    if (connection.unanswered > limits.pipelined) {
      onLimit("pipelined", connection.address)
      this.#cut(connection)
      return false
    }
    // The requests of a trusted proxy count for its clients once their addresses are known.
    if (!connection.proxied && !this.#takeRequest(connection.address)) {
      this.#cut(connection)
      return false
    }
    const resumes = connection.state === this.#ending && connection.unfinished !== undefined
    if (resumes || connection.state === this.#opening || connection.state === this.#open) {
      this.#move(connection, this.#open)
    }
    connection.unanswered++
    response.once("close", () => {
      connection.unanswered--
      if (connection.state === this.#answering) this.#move(connection, this.#open)
      if (this.#closing) this.#closeIdle(connection)
    })
    return true
  }

  /**
   * The endpoint answers a request. Returns `false` if the client, which has sent it by a trusted proxy, has too many
   * requests and websockets, or sends requests too often.
   */
  serve(request: IncomingMessage, response: ServerResponse, client: string | undefined): boolean {
    response.on("error", ignore)
    const connection = this.#byStream.get(request.socket)
    if (connection === undefined) return true
    if (connection.proxied && !this.#takeRequest(client)) return false
    const release = this.#count(connection, client)
    if (release === undefined) return false
    this.#begin(connection)
    response.once("prefinish", () => {
      connection.unread = connection.stream?.writableLength ?? 0
      this.#move(connection, this.#answering)
    })
    response.once("close", () => {
      release()
      this.#end(connection)
      if (request.complete || connection.stream?.destroyed === true) return
      connection.unfinished = request
      this.#move(connection, this.#ending)
    })
    return true
  }

  /** Whether a request on the connection waits for its answer. */
  isBusy(stream: Duplex): boolean {
    return (this.#byStream.get(stream)?.unanswered ?? 0) > 0
  }

  /** A request to upgrade has come, for the endpoint or for somebody else. HTTP and its deadlines end with it. */
  upgrading(stream: Duplex): void {
    const connection = this.#byStream.get(stream)
    if (connection !== undefined) this.#move(connection, undefined)
  }

  /** The endpoint takes an upgrade. Returns `false` as {@link serve} does. */
  serveUpgrade(stream: Duplex, client: string | undefined): boolean {
    const connection = this.#byStream.get(stream)
    if (connection === undefined) return true
    const release = this.#count(connection, client)
    if (release === undefined) return false
    this.#begin(connection)
    connection.socket.once("close", release)
    return true
  }

  /** The last bytes for a connection were written: it ends once the client has them, or after `closeMs`. */
  ending(stream: Duplex): void {
    const connection = this.#byStream.get(stream)
    if (connection !== undefined) this.#move(connection, this.#ending)
  }

  /** Leaves the connections of a server to it, but for those that the endpoint serves. */
  release(server: AnyHttpServer): void {
    for (const connection of this.#all) {
      if (connection.server === server && connection.served === 0) this.#remove(connection)
    }
  }

  /** Resolves when none of the endpoint's own connections is left. It cuts those that are left after some time. */
  async close(ms: number): Promise<void> {
    this.#closing = true
    for (const connection of this.#own) this.#closeIdle(connection)
    if (this.#own.size === 0) return
    const { clock } = this.#options
    await new Promise<void>((resolve) => {
      const cut = (): void => {
        for (const connection of this.#own) this.#cut(connection)
        resolve()
      }
      const timer = clock.setTimeout(cut, Math.min(Math.max(0, ms), LONGEST_MS))
      this.#emptied = () => {
        clock.clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Counts a connection, unless there are too many. */
  #add(
    socket: Duplex & { readonly remoteAddress?: string | undefined },
    server: AnyHttpServer,
  ): Connection | undefined {
    const address = peerOf(socket)
    const { limits, isProxy, onLimit } = this.#options
    const proxied = address !== undefined && isProxy(address)
    const release = proxied ? ignore : this.#byAddress.take(address, this.#mostOfAddress)
    const full = release === undefined ? "tcpConnectionsPerAddress" : this.#isFull() ? "tcpConnections" : undefined
    if (full !== undefined || release === undefined) {
      release?.()
      onLimit(full ?? "tcpConnections", address)
      socket.destroy()
      return undefined
    }
    const connection = new Connection(socket, server, address, proxied, release)
    this.#all.add(connection)
    if (server === this.#ownServer) this.#own.add(connection)
    socket.once("close", () => this.#remove(connection))
    this.#move(connection, this.#opening)
    if (this.#opening.size > limits.halfOpen) this.#cutOldest(this.#opening, "halfOpen")
    return connection
  }

  /** Whether there is room for no other connection, although one is cut that does less than a websocket. */
  #isFull(): boolean {
    if (this.#all.size < this.#most) return false
    return ![this.#opening, this.#ending, this.#answering, this.#open].some((state) =>
      this.#cutOldest(state, "tcpConnections"),
    )
  }

  #cutOldest(state: DeadlineQueue<Connection>, limit: LimitName): boolean {
    const { oldest } = state
    if (oldest === undefined) return false
    this.#options.onLimit(limit, oldest.address)
    this.#cut(oldest)
    return true
  }

  #carry(connection: Connection, stream: Duplex): void {
    connection.stream = stream
    this.#byStream.set(stream, connection)
    rememberPeer(stream, connection.address)
  }

  #takeRequest(address: string | undefined): boolean {
    const { limits, onLimit } = this.#options
    if (this.#requests.take(address, limits.requestsPerSecond, limits.requestBurst)) return true
    onLimit("requestsPerSecond", address)
    return false
  }

  /** Counts what a client does by a trusted proxy for the client: the proxy itself may have many connections. */
  #count({ proxied }: Connection, client: string | undefined): (() => void) | undefined {
    if (!proxied) return ignore
    const release = this.#byAddress.take(client, this.#mostOfAddress)
    if (release === undefined) this.#options.onLimit("tcpConnectionsPerAddress", client)
    return release
  }

  #begin(connection: Connection): void {
    connection.served++
    this.#own.add(connection)
  }

  #end(connection: Connection): void {
    connection.served--
    if (connection.served === 0 && connection.server !== this.#ownServer) this.#disown(connection)
  }

  #disown(connection: Connection): void {
    this.#own.delete(connection)
    if (this.#own.size === 0) this.#emptied?.()
  }

  /** Ends a connection of the endpoint's own server that waits for a request. */
  #closeIdle(connection: Connection): void {
    const { server, state, stream, unanswered } = connection
    if (server !== this.#ownServer || unanswered > 0) return
    if (state === this.#opening) return this.#cut(connection)
    if (state !== this.#open) return
    stream?.end()
    this.#move(connection, this.#ending)
  }

  #move(connection: Connection, state: DeadlineQueue<Connection> | undefined): void {
    if (!this.#all.has(connection)) return
    if (connection.state !== state) connection.state?.delete(connection)
    connection.state = state
    if (state !== this.#ending) connection.unfinished = undefined
    state?.add(connection)
  }

  #remove(connection: Connection): void {
    this.#move(connection, undefined)
    if (!this.#all.delete(connection)) return
    connection.release()
    if (connection.stream === undefined && connection.handshake !== undefined) {
      this.#handshakes.delete(connection.handshake)
    }
    this.#disown(connection)
  }

  #cut(connection: Connection): void {
    this.#move(connection, undefined)
    connection.socket.destroy()
  }

  #timeOut(connection: Connection): void {
    this.#options.onLimit("handshakeMs", connection.address)
    if (connection.stream === undefined) return this.#cut(connection)
    connection.stream.end(REQUEST_TIMEOUT, () => connection.socket.destroy())
    this.#move(connection, this.#ending)
  }

  #endOf(connection: Connection): void {
    if (connection.unfinished?.complete === true) this.#move(connection, this.#open)
    else this.#cut(connection)
  }

  /** A client that takes a whole message in `messageMs` reads as fast as it would have to send. */
  #checkRead(connection: Connection): void {
    const unread = connection.stream?.writableLength ?? 0
    if (connection.unread - unread >= this.#options.limits.messageBytes) {
      connection.unread = unread
      return this.#move(connection, this.#answering)
    }
    this.#options.onLimit("messageMs", connection.address)
    this.#cut(connection)
  }
}
