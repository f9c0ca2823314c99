import type { ChatError } from "./topics.js"

/** Why something was not done; the code is as in HTTP. */
export type Failed = ChatError & { status?: never }

/** What sending gives: the message's id once it is stored, or why not, with a code as in HTTP. */
export type Sent = { status: "ok"; message_id: string; timestamp: string } | Failed

/** What changing one's display name gives. */
export type Renamed = { status: "ok"; display_name: string | null } | Failed

/** What came of a push, as a value: who sends a message has to look at it anyway. */
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
