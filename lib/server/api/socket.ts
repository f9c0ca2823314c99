import type { Loose } from "../../protocol/contract.js"

/** How a client is connected. */
export type TransportName = "websocket" | "longpoll" | (string & {})

/** One connected client. */
export interface ServerSocket<Assigns = Loose> {
  /** What `connect` called it; `endpoint.disconnect(id)` ends every socket of that id. */
  readonly id: string | null
  /** What `connect` knows of the client. Channels get a copy each. */
  readonly assigns: Assigns
  readonly transport: TransportName
  /** Where the client is, as far as `trustProxy` lets anybody say; `undefined` in process. */
  readonly address: string | undefined
  readonly connected: boolean
  /** Closes the connection with 1001, after which a client connects again. */
  disconnect(): void
}
