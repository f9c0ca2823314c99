import type { Clock } from "../../protocol/clock.js"
import { SERVICE_RESTART } from "../../protocol/close-codes.js"

/** How an endpoint closes. */
export interface CloseOptions {
  /**
   * Milliseconds until the endpoint has closed, whatever is pending. In the last tenth clients end their connections, and
   * then those that are left are cut.
   *
   * @default 10_000
   */
  deadlineMs?: number
  /**
   * How many sockets are closed at once; whoever is closed comes back somewhere else.
   *
   * @default 1000
   */
  batchSize?: number
  /**
   * Milliseconds between two batches, give or take a half; less if the deadline asks for it.
   *
   * @default 200
   */
  batchMs?: number
}

/** The deadline where none is given, in milliseconds. */
export const DEADLINE_MS = 10_000

/** How soon it is looked again whether a handler is through. */
const LOOK_AGAIN_MS = 10

/** Somebody who can be sent away. */
export interface Drainable {
  /** Whether it waits for an answer. */
  readonly busy: boolean
  close(code: number): void
}

/**
 * Sends everybody away with 1012, in batches: those first who wait for no reply, the others as soon as they have it or
 * the deadline comes.
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
