import { AuthenticationError, ClientError, ConnectionError } from "./errors.js"
import type { ChatError, ChatUser } from "./topics.js"

/** The server's answer when a session begins. */
export interface BegunSession {
  session_token: string
  user: ChatUser
  expires_at: string
}

/** The chat's HTTP API: links and sessions. */
export class HttpApi {
  readonly #base: string
  readonly #timeoutMs: number

  /** @param base the server's URL, without a slash at its end */
  constructor(base: string, timeoutMs: number) {
    this.#base = base
    this.#timeoutMs = timeoutMs
  }

  /** Requests a magic link by mail. */
  async askForLink(email: string): Promise<void> {
    await this.#ask("POST", "/api/login", { email })
  }

  /** Whether the server logs in users of its own machine without a link. A server that does not say so does not. */
  async offersLocal(): Promise<boolean> {
    try {
      return ((await this.#ask("GET", "/api/login")) as { local?: unknown } | null)?.local === true
    } catch {
      return false
    }
  }

  /** Begins a session without a link, as one of the users of the server's own machine. */
  async beginLocally(): Promise<BegunSession> {
    return (await this.#ask("POST", "/api/session", { local: true })) as BegunSession
  }

  /** Begins a session with the token of a link, which works once. */
  async begin(token: string): Promise<BegunSession> {
    return (await this.#ask("POST", "/api/session", { token })) as BegunSession
  }

  /** The user and the end of a session. */
  async session(token: string): Promise<{ user: ChatUser; expires_at: string }> {
    return (await this.#ask("GET", "/api/session", undefined, token)) as BegunSession
  }

  /** Ends a session for all of its clients. */
  async end(token: string): Promise<void> {
    await this.#ask("DELETE", "/api/session", undefined, token)
  }

  async #ask(method: string, path: string, body?: unknown, token?: string): Promise<unknown> {
    // fetch() would refuse such a header with an error that quotes the token.
    if (token !== undefined && !/^[\w-]+$/.test(token)) throw new AuthenticationError("this is not a session token")
    let response: Response
    let text: string
    try {
      response = await fetch(this.#base + path, {
        method,
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // After a 301 or 302 fetch() makes a GET of a POST: a login() would succeed, and no link would be mailed.
        redirect: "manual",
        signal: AbortSignal.timeout(this.#timeoutMs),
      })
      text = await response.text()
    } catch (cause) {
      const late = (cause as Error).name === "TimeoutError"
      const what = late ? `no answer within ${this.#timeoutMs} ms` : "it cannot be reached"
      throw new ConnectionError(late ? "timeout" : "connect_failed", `${this.#base}: ${what}; is it running?`, cause)
    }
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      throw new ClientError("refused", `${this.#base} redirects${targetOf(response, this.#base)}`)
    }
    const answer = readJson(text)
    if (response.ok) return answer
    const { error = `it answered ${response.status}` } = (answer ?? {}) as Partial<ChatError>
    if (response.status === 401) throw new AuthenticationError(error)
    throw new ClientError("refused", error)
  }
}

/** Where a redirect leads, which a browser does not tell. */
function targetOf(response: Response, base: string): string {
  const location = response.headers.get("location")
  if (location === null || !URL.canParse(location, base)) return "; give the URL that it redirects to"
  const { origin } = new URL(location, base)
  return ` to ${origin}; give that URL`
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
