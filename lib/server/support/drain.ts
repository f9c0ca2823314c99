import type { Clock } from "../../protocol/clock.js"
import { SERVICE_RESTART } from "../../protocol/close-codes.js"

/** Options of `endpoint.close()`. */
export interface CloseOptions {
  /**
   * The most milliseconds until the endpoint has closed, even if replies are pending. In the last tenth of the time
   * clients close their connections; connections that are still left then are cut.
   *
   * @default 10_000
   */
  deadlineMs?: number
  /**
   * The number of sockets that are closed at once. Their clients connect again, to another node.
   *
   * @default 1000
   */
  batchSize?: number
  /**
   * The milliseconds between two batches, varied by up to a half; less if the deadline requires it.
   *
   * @default 200
   */
  batchMs?: number
}

/** The default deadline in milliseconds. */
export const DEADLINE_MS = 10_000

/** The interval between two looks whether handlers have ended. */
const LOOK_AGAIN_MS = 10

/** A client that `drain` can close. */
export interface Drainable {
  /** Whether the client waits for a reply. */
  readonly busy: boolean
  close(code: number): void
}

/**
 * Closes all clients with code 1012, in batches: first those that wait for no reply, the others once they have their
 * reply, or at the deadline.
 */
export async function drain(sockets: ReadonlySet<Drainable>, options: CloseOptions, clock: Clock): Promise<void> {
  const { deadlineMs = DEADLINE_MS, batchSize = 1000, batchMs = 200 } = options
  const deadline = clock.now() + deadlineMs
  while (sockets.size > 0) {
    const left = deadline - clock.now()
    const batch: Drainable[] = []
    for (const socket of sockets) {
      if (batch.length === batchSize && left > 0) break
      if (left <= 0 || !socket.busy) batch.push(socket)
    }
    for (const socket of batch) socket.close(SERVICE_RESTART)
    if (sockets.size === 0 || left <= 0) return
    const rounds = Math.ceil(sockets.size / batchSize)
    const pause = Math.min(batchMs, left / rounds) * (0.5 + Math.random())
    const ms = Math.min(left, batch.length === 0 ? LOOK_AGAIN_MS : pause)
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, ms))
  }
}
