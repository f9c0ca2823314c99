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
