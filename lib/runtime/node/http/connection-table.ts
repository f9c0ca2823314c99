import type { IncomingMessage, ServerResponse } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { Server as TlsServer, type TLSSocket } from "node:tls"
import { LONGEST_MS, type Clock } from "../../../protocol/clock.js"
import type { LimitName, Limits } from "../../../protocol/limits.js"
import { peerOf, rememberPeer } from "./client-address.js"
import { AddressCounts } from "../../../server/limits/address-counts.js"
import { AddressRate } from "../../../server/limits/address-rate.js"
import { DeadlineQueue } from "../../../server/support/deadline-queue.js"
import type { AnyHttpServer } from "./any-http-server.js"
import { openFiles } from "./open-files.js"

/** The limits that a {@link ConnectionTable} enforces. */
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
  /** Whether a peer is a trusted proxy, whose connections carry requests of many clients. */
  isProxy(address: string): boolean
  /** Called with a limit that a connection hit, and with the address of the connection. */
  onLimit(limit: LimitName, address: string | undefined): void
}

/** A TCP connection, from its accept to its end. */
class Connection {
  /** The stream that carries the requests: the socket itself, or the TLS stream over it after the handshake. */
  stream: Duplex | undefined
  /** The key of the connection in `#handshakes` during the TLS handshake. */
  handshake: string | undefined
  /**
   * The state of the connection, as the queue of its deadline. A websocket has none, because it has its own deadlines.
   */
  state: DeadlineQueue<Connection> | undefined
  /** The number of requests that have no answer yet. */
  unanswered = 0
  /** The number of requests and websockets that the endpoint serves on it. */
  served = 0
  /** The bytes of an answer that the client had not read at the last check. */
  unread = 0
  /** A request that was answered before its whole body had arrived. */
  unfinished: IncomingMessage | undefined

  constructor(
    readonly socket: Duplex,
    readonly server: AnyHttpServer,
    readonly address: string | undefined,
    /** Whether its peer is a trusted proxy. Then the clients behind the peer are counted by address, not the peer. */
    readonly proxied: boolean,
  ) {}
}

const REQUEST_TIMEOUT = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

/** The share of the process's file descriptors that connections may use; the rest is for logs and stores. */
const SHARE_OF_FILES = 0.9
/** The share of the process's file descriptors that the connections of one address may use. */
const SHARE_OF_ADDRESS = 0.75

const ignore = (): void => {}

const shareOf = (limit: number, share: number): number =>
  limit === Infinity ? limit : Math.max(1, Math.min(limit, Math.floor(share * openFiles())))

/** Whether a TCP connection was reset by its client after the accept. Unix sockets never have an address. */
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
 * All TCP connections of the servers that an endpoint is attached to. Each is counted by its address from accept to
 * end, in every state: during a TLS handshake, while headers or a body arrive slowly, while the client does not read an
 * answer, as a websocket, and while it closes. Each state has a deadline. If there are too many connections, the one
 * that has been in its state the longest is cut, not the newest one, because an honest new client needs one round trip.
 */
export class ConnectionTable {
  readonly #options: ConnectionTableOptions
  readonly #most: number
  readonly #mostOfAddress: number
  readonly #all = new Set<Connection>()
  readonly #byStream = new WeakMap<Duplex, Connection>()
  /**
   * Connections in a TLS handshake, by addresses and ports of both ends: Node has no public link from a TLS stream to
   * its socket.
   */
  readonly #handshakes = new Map<string, Connection>()
  readonly #byAddress = new AddressCounts()
  readonly #requests = new AddressRate()
  /** Connections that have not sent a whole request yet. */
  readonly #opening: DeadlineQueue<Connection>
  /** Connections that are being closed, or that still send a body whose request was answered. */
  readonly #ending: DeadlineQueue<Connection>
  /** Connections whose client has not read all of the endpoint's answer yet. */
  readonly #answering: DeadlineQueue<Connection>
  /** Connections that wait for an answer or for the next request. Node's HTTP server has deadlines for these. */
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

  /** The number of connections. */
  get size(): number {
    return this.#all.size
  }

  /** Marks a server as the endpoint's own: all of its connections are, also those with requests for unknown paths. */
  own(server: AnyHttpServer): void {
    this.#ownServer = server
  }

  /** A server has accepted a connection. */
  accepted(socket: Duplex & { readonly remoteAddress?: string | undefined }, server: AnyHttpServer): void {
    // At some moments neither Node nor the endpoint listens, and an error without a listener would end the process.
    socket.on("error", ignore)
    if (wasReset(socket, server)) return void socket.destroy()
    const secure = server instanceof TlsServer
    // Without an address the socket and its TLS stream cannot be matched, so only the TLS stream is counted.
    if (secure && socket.remoteAddress === undefined) return
    const connection = this.#add(socket, server)
    if (connection === undefined) return
    if (!secure) return this.#carry(connection, socket)
    connection.handshake = ends(socket as Socket)
    this.#handshakes.set(connection.handshake, connection)
  }

  /** The TLS handshake of a connection is complete. */
  secured(stream: TLSSocket, server: AnyHttpServer): void {
    stream.on("error", ignore)
    if (wasReset(stream, server)) return void stream.destroy()
    const key = ends(stream)
    const connection = this.#handshakes.get(key) ?? this.#add(stream, server)
    this.#handshakes.delete(key)
    if (connection !== undefined) this.#carry(connection, stream)
  }

  /** A request has arrived, for the endpoint or for another listener. Returns whether it may be answered. */
  requested(stream: Duplex, response: ServerResponse): boolean {
    const connection = this.#byStream.get(stream)
    if (connection === undefined) return true
    const { limits, onLimit } = this.#options
    // Pipelined requests are read together: a thousand of them fit into one chunk.
    if (connection.unanswered > limits.pipelined) {
      onLimit("pipelined", connection.address)
      this.#cut(connection)
      return false
    }
    // Requests by a trusted proxy count for its clients, in `serve`, where their addresses are known.
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
   * The endpoint is about to answer a request. Returns `false` if the client behind a trusted proxy has too many
   * requests and websockets, or sends requests too often.
   */
  serve(request: IncomingMessage, response: ServerResponse, client: string | undefined): boolean {
    response.on("error", ignore)
    const connection = this.#byStream.get(request.socket)
    if (connection === undefined) return true
    if (connection.proxied && !this.#takeRequest(client)) return false
    if (!this.#countBehind(connection, client)) return false
    this.#begin(connection)
    response.once("prefinish", () => {
      connection.unread = connection.stream?.writableLength ?? 0
      this.#move(connection, this.#answering)
    })
    response.once("close", () => {
      if (connection.proxied) this.#byAddress.giveBack(client)
      this.#end(connection)
      if (request.complete || connection.stream?.destroyed === true) return
      connection.unfinished = request
      this.#move(connection, this.#ending)
    })
    return true
  }

  /** Whether a request of the connection has no answer yet. */
  isBusy(stream: Duplex): boolean {
    return (this.#byStream.get(stream)?.unanswered ?? 0) > 0
  }

  /** A request to upgrade has arrived, for the endpoint or for another listener. It ends HTTP and its deadlines. */
  upgrading(stream: Duplex): void {
    const connection = this.#byStream.get(stream)
    if (connection !== undefined) this.#move(connection, undefined)
  }

  /** The endpoint is about to upgrade a connection. Returns `false` in the same cases as {@link serve}. */
  serveUpgrade(stream: Duplex, client: string | undefined): boolean {
    const connection = this.#byStream.get(stream)
    if (connection === undefined) return true
    if (!this.#countBehind(connection, client)) return false
    this.#begin(connection)
    if (connection.proxied) connection.socket.once("close", () => this.#byAddress.giveBack(client))
    return true
  }

  /**
   * The last bytes of a connection are written: it ends once the client has read them, or after `closeMs`. Returns `false`
   * if it was ending already.
   */
  ending(stream: Duplex): boolean {
    const connection = this.#byStream.get(stream)
    if (connection === undefined) return true
    if (connection.state === this.#ending) return false
    this.#move(connection, this.#ending)
    return true
  }

  /** Stops watching the connections of a server, except those that the endpoint serves. */
  release(server: AnyHttpServer): void {
    for (const connection of this.#all) {
      if (connection.server === server && connection.served === 0) this.#remove(connection)
    }
  }

  /** Resolves when the endpoint's own connections have ended. Cuts those that are left after this time. */
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

  /** Counts a new connection, or destroys it if there are too many. */
  #add(
    socket: Duplex & { readonly remoteAddress?: string | undefined },
    server: AnyHttpServer,
  ): Connection | undefined {
    const address = peerOf(socket)
    const { limits, isProxy } = this.#options
    const proxied = address !== undefined && isProxy(address)
    if (!proxied && !this.#byAddress.take(address, this.#mostOfAddress)) {
      return this.#turnAway(socket, "tcpConnectionsPerAddress", address)
    }
    if (this.#isFull()) {
      if (!proxied) this.#byAddress.giveBack(address)
      return this.#turnAway(socket, "tcpConnections", address)
    }
    const connection = new Connection(socket, server, address, proxied)
    this.#all.add(connection)
    if (server === this.#ownServer) this.#own.add(connection)
    socket.on("close", () => this.#remove(connection))
    this.#move(connection, this.#opening)
    if (this.#opening.size > limits.halfOpen) this.#cutOldest(this.#opening, "halfOpen")
    return connection
  }

  #turnAway(socket: Duplex, limit: LimitName, address: string | undefined): undefined {
    this.#options.onLimit(limit, address)
    socket.destroy()
  }

  /** Whether there is no room for another connection. Makes room, if possible, by cutting one that is no websocket. */
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

  /**
   * Counts a request or a websocket for the client behind a trusted proxy. The proxy itself may have many connections.
   */
  #countBehind({ proxied }: Connection, client: string | undefined): boolean {
    if (!proxied || this.#byAddress.take(client, this.#mostOfAddress)) return true
    this.#options.onLimit("tcpConnectionsPerAddress", client)
    return false
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

  /** Ends a connection of the endpoint's own server if it is idle. */
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
    if (!connection.proxied) this.#byAddress.giveBack(connection.address)
    if (connection.stream === undefined && connection.handshake !== undefined) {
      this.#handshakes.delete(connection.handshake)
    }
    this.#disown(connection)
  }

  #cut(connection: Connection): void {
    this.#move(connection, undefined)
    // Node may be reading requests that came in one packet. Where the socket below has ended first, TLS ends at once when
    // it is destroyed, the parser is taken away in the middle, and the next request throws out of all listeners.
    connection.stream?.destroy()
    connection.socket.destroy()
  }

  #timeOut(connection: Connection): void {
    this.#options.onLimit("handshakeMs", connection.address)
    if (connection.stream === undefined) return this.#cut(connection)
    connection.stream.end(REQUEST_TIMEOUT, () => this.#cut(connection))
    this.#move(connection, this.#ending)
  }

  #endOf(connection: Connection): void {
    if (connection.unfinished?.complete === true) this.#move(connection, this.#open)
    else this.#cut(connection)
  }

  /** Gives a client more time if it has read as many bytes in `messageMs` as it would have to send in that time. */
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
