import type { ChatUser } from "../topics.js"

/** Who is logged in here, and until when. */
export interface Session {
  user: ChatUser
  expires_at: string
}

/** The server said no. The message is for whoever looks at the page. */
export class SaidNo extends Error {}

/** Who is logged in in this browser, if anybody is. Throws when the server cannot be asked. */
export async function currentSession(): Promise<Session | undefined> {
  const response = await fetch("/api/session", { headers: { accept: "application/json" }, cache: "no-store" })
  if (response.status === 401) return undefined
  if (!response.ok) throw await refusal(response)
  return (await response.json()) as Session
}

/** Has a link mailed that logs in whoever opens it. */
export async function requestLink(email: string): Promise<void> {
  const response = await fetch("/api/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email }),
  })
  if (!response.ok) throw await refusal(response)
}

/** Ends the session everywhere. */
export async function endSession(): Promise<void> {
  const response = await fetch("/api/session", { method: "DELETE" })
  // Of a session that is over already nothing is left to end.
  if (!response.ok && response.status !== 401) throw await refusal(response)
}

async function refusal(response: Response): Promise<SaidNo> {
  const body = (await response.json().catch(() => undefined)) as { error?: unknown } | undefined
  const error = typeof body?.error === "string" ? body.error : `the server answered ${response.status}`
  return new SaidNo(sentence(error))
}

/** What a server says in passing, as a sentence. */
export const sentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".")

/** What to tell of a request that failed. */
export const reasonOf = (error: unknown): string =>
  error instanceof SaidNo ? error.message : "The server cannot be reached. Check your connection and try again."
