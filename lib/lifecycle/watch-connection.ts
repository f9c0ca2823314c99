import type { Socket } from "rookery"

/**
 * The state of a connection as people should hear of it. `ok`: connected, or lost for a moment, or ended on purpose.
 * `lost`: without a connection for longer than `lostAfterMs`; the socket goes on trying. `failed`: the socket has given up.
 */
export type ConnectionHealth = "ok" | "lost" | "failed"

/** Options of {@link watchConnection}. */
export interface WatchOptions {
  /** How long to be without a connection before people hear of it, in milliseconds. @default 5000 */
  lostAfterMs?: number | undefined
}

/**
 * Calls back when a connection is lost for longer than a moment, when it is back, and when the socket has given up: the
 * three times at which a page shows or hides its notice. `socket.onStatus` tells of each attempt.
 *
 * @returns a function that ends it
 */
export function watchConnection(
  socket: Socket,
  callback: (health: ConnectionHealth) => void,
  { lostAfterMs = 5000 }: WatchOptions = {},
): () => void {
  const { clock } = socket.options
  let health: ConnectionHealth = "ok"
  let timer: unknown
  /** It has given up, or `disconnect()` came between two attempts. The close of an attempt follows in the first case only. */
  let isUndecided = false
  const become = (next: ConnectionHealth): void => {
    isUndecided = false
    clock.clearTimeout(timer)
    timer = undefined
    if (next === health) return
    health = next
    callback(next)
  }
  const wait = (): void => {
    timer ??= clock.setTimeout(() => become("lost"), lostAfterMs)
  }
  const handlers = [
    socket.onStatus((status) => {
      // During an attempt or a connection `disconnect()` is told of before they end.
      isUndecided = status === "disconnected" && socket.connectionState() === "closed"
      if (isUndecided) queueMicrotask(() => isUndecided && become("ok"))
      else if (status === "connected" || status === "disconnected") become("ok")
      else if (health !== "lost") wait()
    }),
    socket.onClose(() => isUndecided && become("failed")),
  ]
  if (socket.status === "connecting" || socket.status === "reconnecting") wait()
  return () => {
    socket.off(handlers)
    isUndecided = false
    clock.clearTimeout(timer)
  }
}
