import type { ChatError } from "./topics.js"

/** Why a request failed. The code is an HTTP status. */
export type Failed = ChatError & { status?: never }

/** The result of sending a message: its id once it is stored, or an error with an HTTP status. */
export type Sent = { status: "ok"; message_id: string; timestamp: string } | Failed

/** The result of changing the display name. */
export type Renamed = { status: "ok"; display_name: string | null } | Failed

/** The outcome of a push as a value, not as an exception: the sender of a message must handle both cases anyway. */
export async function outcome<Ok extends object>(push: PromiseLike<Ok>): Promise<({ status: "ok" } & Ok) | Failed> {
  try {
    return { status: "ok", ...(await push) }
  } catch (error) {
    return failure(error)
  }
}

function failure(error: unknown): Failed {
  const { code, message, response } = error as { code?: string; message: string; response?: Partial<ChatError> }
  if (code === "timeout") return { error: "there was no answer in time", code: 408 }
  if (code === "refused") return { error: response?.error ?? message, code: response?.code ?? 500 }
  if (code === "buffer_full") return { error: message, code: 429 }
  return { error: message, code: 503 }
}
