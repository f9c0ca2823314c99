import type { ChatUser } from "../topics.js"
import type { ChatStore } from "./store.js"
import { hashOf, isToken, makeToken } from "./tokens.js"

/** The session of a user. */
export interface Session {
  /** The id of the session's sockets, by which they are closed when it ends. */
  readonly id: string
  readonly email: string
  readonly expiresAt: number
}

/** A new session with its token, which is not kept: only its hash is stored. */
export interface NewSession extends Session {
  readonly token: string
}

/** Options of {@link Accounts}. */
export interface AccountsOptions {
  readonly store: ChatStore
  readonly linkMs: number
  readonly sessionMs: number
  readonly now: () => number
}

const idOf = (hash: string): string => `session:${hash}`

/** The magic links and sessions of all users. Only hashes of their tokens are stored. */
export class Accounts {
  readonly #options: AccountsOptions

  constructor(options: AccountsOptions) {
    this.#options = options
  }

  /** Makes the token of a link for an address. */
  async makeLink(email: string): Promise<string> {
    const { store, linkMs, now } = this.#options
    const token = makeToken()
    await store.saveLink(hashOf(token), { email, expires_at: now() + linkMs })
    return token
  }

  /** Begins a session with the token of a link, which works once. */
  async redeem(token: unknown): Promise<NewSession | undefined> {
    const { store, now } = this.#options
    const link = isToken(token) ? await store.takeLink(hashOf(token)) : undefined
    if (link === undefined || link.expires_at <= now()) return undefined
    return this.begin(link.email)
  }

  /** Begins a session without a link. */
  async begin(email: string): Promise<NewSession> {
    const { store, sessionMs, now } = this.#options
    const token = makeToken()
    const hash = hashOf(token)
    const expiresAt = now() + sessionMs
    await store.saveSession(hash, { email, expires_at: expiresAt })
    return { id: idOf(hash), email, expiresAt, token }
  }

  /** Sets the display name of a user who has none. */
  async nameIfNameless(email: string, name: string): Promise<void> {
    const { store } = this.#options
    if ((await store.displayName(email)) === null) await store.setDisplayName(email, name)
  }

  /** The session of a token, unless it has ended or expired. */
  async session(token: unknown): Promise<Session | undefined> {
    const { store, now } = this.#options
    if (!isToken(token)) return undefined
    const hash = hashOf(token)
    const session = await store.session(hash)
    if (session === undefined || session.expires_at <= now()) return undefined
    return { id: idOf(hash), email: session.email, expiresAt: session.expires_at }
  }

  /** Whether a session that was read earlier still exists. */
  async isOpen({ id }: Pick<Session, "id">): Promise<boolean> {
    return (await this.#options.store.session(id.slice(idOf("").length))) !== undefined
  }

  /** Ends a session. */
  async end(token: string): Promise<void> {
    await this.#options.store.endSession(hashOf(token))
  }

  /** A user, as others see it. */
  async user(email: string): Promise<ChatUser> {
    return { id: `user:${email}`, email, display_name: await this.#options.store.displayName(email) }
  }
}
