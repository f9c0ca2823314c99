import type { Socket } from "rookery"

/**
 * The state of a connection as shown to users. `ok`: connected, lost only for a moment, or closed on purpose. `lost`:
 * without a connection for longer than `lostAfterMs`; the socket keeps trying. `failed`: the socket has given up.
 */
export type ConnectionHealth = "ok" | "lost" | "failed"

/** Options of {@link watchConnection}. */
export interface WatchOptions {
  /** How long the connection must be lost before users are told, in milliseconds. @default 5000 */
  lostAfterMs?: number | undefined
}

/**
 * Calls back when a connection is lost for longer than a moment, when it is back, and when the socket has given up: the
 * three times at which a page shows or hides its notice. `socket.onStatus` reports each attempt.
 *
 * @returns a function that stops it
 */
export function watchConnection(
  socket: Socket,
  callback: (health: ConnectionHealth) => void,
  { lostAfterMs = 5000 }: WatchOptions = {},
): () => void {
  const { clock } = socket.options
  let health: ConnectionHealth = "ok"
  let timer: unknown
  /**
   * Either the socket has given up, or `disconnect()` was called between two attempts. Only in the first case the close
   * of an attempt follows.
   */
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
      // During an attempt or a connection, the call to `disconnect()` is known before they end.
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
