import type { Peer } from "./peer.js"

/** The part of a push that the benchmarks use; both libraries have it. */
export interface PushLike {
  receive(status: string, callback: (response: unknown) => void): PushLike
}

/** The part of a channel that the benchmarks use. */
export interface ChannelLike {
  readonly state: string
  join(): PushLike
  leave(): PushLike
  on(event: string, callback: (payload: unknown) => void): unknown
  push(event: string, payload: object): PushLike
}

/** The part of a socket that the benchmarks use. */
export interface SocketLike {
  connect(): unknown
  disconnect(): unknown
  isConnected(): boolean
  channel(topic: string): ChannelLike
}

type SocketClass = new (url: string, options: object) => SocketLike

/** The two libraries that are compared. Rookery is the first. */
export const LIBRARIES: readonly ["rookery", "phoenix"] = ["rookery", "phoenix"]

// Only the messages are measured: no heartbeat and no timeout happens during a round.
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
