/** A session that is kept between two runs. */
export interface CachedSession {
  token: string
  email: string
  /** ISO 8601, UTC. */
  expires_at: string
}

/** Keeps sessions, one for each server. */
export interface SessionCache {
  read(server: string): Promise<CachedSession | undefined>
  write(server: string, session: CachedSession): Promise<void>
  clear(server: string): Promise<void>
}
