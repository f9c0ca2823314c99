import type { Peer } from "./peer.js"

/** As much of a push as the benchmarks use; both libraries have it. */
export interface PushLike {
  receive(status: string, callback: (response: unknown) => void): PushLike
}

/** As much of a channel. */
export interface ChannelLike {
  readonly state: string
  join(): PushLike
  leave(): PushLike
  on(event: string, callback: (payload: unknown) => void): unknown
  push(event: string, payload: object): PushLike
}

/** As much of a socket. */
export interface SocketLike {
  connect(): unknown
  disconnect(): unknown
  isConnected(): boolean
  channel(topic: string): ChannelLike
}

type SocketClass = new (url: string, options: object) => SocketLike

/** The two that are compared, ours first. */
export const LIBRARIES: readonly ["rookery", "phoenix"] = ["rookery", "phoenix"]

// Nothing but the messages is to be measured: no heartbeat, no timeout falls into a round.
const NEVER = 2 ** 31 - 1

/** A socket of a library, connected to the peer. */
export async function connect(library: string, peer: Peer): Promise<SocketLike> {
  const { Socket } = (await import(new URL(`${library}.js`, import.meta.url).href)) as { Socket: SocketClass }
  const socket = new Socket("ws://localhost/socket", {
    transport: peer.WebSocket,
    timeout: NEVER,
    heartbeatIntervalMs: NEVER,
    reconnectAfterMs: () => 1,
  })
  socket.connect()
  await peer.opened()
  if (!socket.isConnected()) throw new Error(`${library} did not connect`)
  return socket
}
