import { DisconnectedError, isRookeryError, PushError, TimeoutError, type Socket } from "rookery"
import { PHOENIX_TOPIC } from "../protocol/events.js"
import type { Reply } from "../protocol/message.js"

/** Sends an event on the socket's own topic, and resolves with the response. */
export function askSocket(
  socket: Socket,
  event: string,
  payload: object,
  timeout: number = socket.timeout,
): Promise<unknown> {
  const what = `${event} of the socket`
  const { clock } = socket.options
  return new Promise((resolve, reject) => {
    const ref = socket.makeRef()
    const end = (settle: () => void): void => {
      socket.off(handlers)
      clock.clearTimeout(timer)
      settle()
    }
    const lost = (): void =>
      end(() => reject(new DisconnectedError("disconnected", `${what}: the connection was lost; the next one is new`)))
    const handlers = [
      socket.onMessage((message) => {
        if (message.topic !== PHOENIX_TOPIC || message.ref !== ref) return
        const { status, response } = message.payload as Reply
        end(() => (status === "ok" ? resolve(response) : reject(new PushError(what, status, response))))
      }),
      // `onOpen` handlers run before the status is `connected`.
      socket.onStatus((status) => void (status === "connected" || lost())),
    ]
    const timer = clock.setTimeout(
      () => end(() => reject(new TimeoutError("timeout", `${what}: no answer within ${timeout} ms`))),
      timeout,
    )
    if (socket.isConnected()) socket.push({ topic: PHOENIX_TOPIC, event, payload, ref })
    else lost()
  })
}

/**
 * Whether the error says that the server does not know an event of the socket's own topic, as a Phoenix server answers.
 */
export const isUnknownEvent = (error: unknown): boolean =>
  isRookeryError(error) && (error as Partial<PushError<{ reason?: unknown }>>).response?.reason === "unmatched topic"
