import type { Loose } from "../../protocol/contract.js"

/** The transport of a client's connection. */
export type TransportName = "websocket" | "longpoll" | (string & {})

/** One connected client. */
export interface ServerSocket<Assigns = Loose> {
  /** The id that `connect` returned; `endpoint.disconnect(id)` closes every socket of that id. */
  readonly id: string | null
  /** The data about the client that `connect` returned. Each channel gets a copy. */
  readonly assigns: Assigns
  readonly transport: TransportName
  /** The client's IP address, read from proxy headers as far as `trustProxy` allows; `undefined` in process. */
  readonly address: string | undefined
  readonly connected: boolean
  /** Closes the connection with 1001, after which a client connects again. */
  disconnect(): void
}

/** A channel of a connected client. */
export interface ConnectedChannel {
  readonly topic: string
  /** Whether its join was answered with `ok`. */
  readonly joined: boolean
  /** The number of messages that wait until a handler has ended. */
  readonly waiting: number
}

/** A client that is connected to this node. */
export interface ConnectedSocket {
  readonly socket: ServerSocket
  /** Its channels now. */
  channels(): ConnectedChannel[]
  /** Removes this client from a topic, as `endpoint.kick()` removes all sockets of an id. */
  kick(topic: string): void
}
