/** A client of any gateway of an endpoint, as its events have it. */
export interface AnyGatewayClient {
  /** The id that `connect` returned; `endpoint.disconnect(id)` closes every client of that id. */
  readonly id: string | null
  /** The path of its gateway. */
  readonly path: string
  /** The client's IP address, read from proxy headers as far as `trustProxy` allows. */
  readonly address: string | undefined
  readonly connected: boolean
  /** When it connected, in milliseconds since 1970. */
  readonly connectedAt: number
  /** Closes the connection. */
  close(code?: number, reason?: string): void
}
