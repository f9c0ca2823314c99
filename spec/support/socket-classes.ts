import * as phoenix from "phoenix"
import { Socket } from "rookery"
import { WebSocket } from "ws"

const options = { reconnectAfterMs: () => 10, rejoinAfterMs: () => 10 }

/** A socket of phoenix and one of rookery, for libraries that take a Phoenix socket and have to work with both. */
export const SOCKETS: readonly [name: string, connect: (url: string) => phoenix.Socket][] = [
  ["phoenix", (url) => new phoenix.Socket(url, { transport: WebSocket as never, ...options })],
  ["rookery", (url) => new Socket(url, options)],
]
