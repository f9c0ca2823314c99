import type { ChatUser } from "../topics.js"

/** The person who is logged in here, and until when. */
export interface Session {
  user: ChatUser
  expires_at: string
}

/** The server refused. The message is for the person at the page. */
export class SaidNo extends Error {}

/** Whether this browser is logged in, and how it may log in. */
export interface Ways {
  session: Session | undefined
  /** Whether the server lets people of its own machine in with one click. A server that does not say so does not. */
  oneClick: boolean
}

/** Asks for the session of this browser and the ways to log in. Throws when the server cannot be asked. */
export async function askWays(): Promise<Ways> {
  const response = await fetch("/api/login", { headers: { accept: "application/json" }, cache: "no-store" })
  if (!response.ok) throw await refusal(response)
  const { local, session } = (await response.json()) as { local?: unknown; session?: Session | null }
  return { session: session ?? undefined, oneClick: local === true }
}

/** Requests a mailed link that logs in the person who opens it. */
export async function requestLink(email: string): Promise<void> {
  await post("/api/login", { email })
}

/** Logs in as one of the people of the server's own machine. */
export async function logInHere(): Promise<void> {
  await post("/api/login/local", {})
}

/** Ends the session everywhere. */
export async function endSession(): Promise<void> {
  const response = await fetch("/api/session", { method: "DELETE" })
  // A session that has already ended need not be ended.
  if (!response.ok && response.status !== 401) throw await refusal(response)
}

async function post(path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" }
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) })
  if (!response.ok) throw await refusal(response)
}

async function refusal(response: Response): Promise<SaidNo> {
  const body = (await response.json().catch(() => undefined)) as { error?: unknown } | undefined
  const error = typeof body?.error === "string" ? body.error : `the server answered ${response.status}`
  return new SaidNo(sentence(error))
}

/** The server's message as a sentence. */
export const sentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".")

/** The sentence to show for a refusal over the socket: the chat's has an `error`, a limit of the endpoint a `reason`. */
export function refusalOf(response: unknown): string {
  const { error, reason } = (response ?? {}) as { error?: unknown; reason?: unknown }
  const words = [error, reason].find((each) => typeof each === "string")
  return sentence(words ?? "the server refused it")
}

/** The sentence to show for a request that failed. */
export const reasonOf = (error: unknown): string =>
  error instanceof SaidNo ? error.message : "The server cannot be reached. Check your connection and try again."
