import type { ChatUser } from "../topics.js"
import type { ChatStore } from "./store.js"
import { hashOf, isToken, makeToken } from "./tokens.js"

/** Somebody who is logged in. */
export interface Session {
  /** What its sockets are called, so that they can be ended with it. */
  readonly id: string
  readonly email: string
  readonly expiresAt: number
}

/** A session that was just begun, and the only time that its token is known. */
export interface NewSession extends Session {
  readonly token: string
}

/** What {@link Accounts} need. */
export interface AccountsOptions {
  readonly store: ChatStore
  readonly linkMs: number
  readonly sessionMs: number
  readonly now: () => number
}

const idOf = (hash: string): string => `session:${hash}`

/** Who may log in, and who is logged in: magic links and sessions. Of their tokens only hashes are kept. */
export class Accounts {
  readonly #options: AccountsOptions

  constructor(options: AccountsOptions) {
    this.#options = options
  }

  /** Makes a link's token. Everybody who has an address may log in with it. */
  async makeLink(email: string): Promise<string> {
    const { store, linkMs, now } = this.#options
    const token = makeToken()
    await store.saveLink(hashOf(token), { email, expires_at: now() + linkMs })
    return token
  }

  /** Uses a link up, and begins a session. */
  async redeem(token: unknown): Promise<NewSession | undefined> {
    const { store, now } = this.#options
    const link = isToken(token) ? await store.takeLink(hashOf(token)) : undefined
    if (link === undefined || link.expires_at <= now()) return undefined
    return this.begin(link.email)
  }

  /** Begins a session of a person who needs no link. */
  async begin(email: string): Promise<NewSession> {
    const { store, sessionMs, now } = this.#options
    const token = makeToken()
    const hash = hashOf(token)
    const expiresAt = now() + sessionMs
    await store.saveSession(hash, { email, expires_at: expiresAt })
    return { id: idOf(hash), email, expiresAt, token }
  }

  /** Gives a person who has no display name one. */
  async nameIfNameless(email: string, name: string): Promise<void> {
    const { store } = this.#options
    if ((await store.displayName(email)) === null) await store.setDisplayName(email, name)
  }

  /** The session of a token, as long as it lasts. */
  async session(token: unknown): Promise<Session | undefined> {
    const { store, now } = this.#options
    if (!isToken(token)) return undefined
    const hash = hashOf(token)
    const session = await store.session(hash)
    if (session === undefined || session.expires_at <= now()) return undefined
    return { id: idOf(hash), email: session.email, expiresAt: session.expires_at }
  }

  /** Whether a session that was found has not been ended since. */
  async isOpen({ id }: Pick<Session, "id">): Promise<boolean> {
    return (await this.#options.store.session(id.slice(idOf("").length))) !== undefined
  }

  /** Ends a session for good. */
  async end(token: string): Promise<void> {
    await this.#options.store.endSession(hashOf(token))
  }

  /** What others see of somebody. */
  async user(email: string): Promise<ChatUser> {
    return { id: `user:${email}`, email, display_name: await this.#options.store.displayName(email) }
  }
}
