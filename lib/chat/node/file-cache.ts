import { randomBytes } from "node:crypto"
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import type { CachedSession, SessionCache } from "../session-cache.js"

/** Only the owner may read the file, because its tokens give access to the account. */
const PRIVATE = 0o600

type Sessions = Record<string, CachedSession>

function isSession(value: unknown): value is CachedSession {
  const { token, email, expires_at } = (value ?? {}) as Partial<CachedSession>
  return [token, email, expires_at].every((part) => typeof part === "string")
}

/**
 * Keeps sessions in a file, by server. A file that is missing or has other contents counts as empty. If other users may
 * read the file, that right is removed before the file is used.
 */
export function fileCache(file: string): SessionCache {
  /** The latest change. Changes run one after the other, so that none is lost. */
  let changing: Promise<void> = Promise.resolve()

  async function read(): Promise<Sessions> {
    try {
      if (process.platform !== "win32") await chmod(file, PRIVATE)
      const sessions = JSON.parse(await readFile(file, "utf8")) as { sessions?: Record<string, unknown> } | null
      return Object.fromEntries(
        Object.entries(sessions?.sessions ?? {}).filter(([, value]) => isSession(value)),
      ) as Sessions
    } catch {
      return {}
    }
  }

  /** Writes a temporary file and renames it, so that a reader sees the old or the new contents, even after a crash. */
  async function write(sessions: Sessions): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const beside = `${file}.${randomBytes(6).toString("hex")}.tmp`
    try {
      const handle = await open(beside, "wx", PRIVATE)
      try {
        await handle.writeFile(`${JSON.stringify({ sessions }, undefined, 2)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(beside, file)
    } catch (error) {
      await rm(beside, { force: true })
      throw error
    }
  }

  async function changeNow(edit: (sessions: Sessions) => void): Promise<void> {
    const sessions = await read()
    edit(sessions)
    await write(sessions)
  }

  function change(edit: (sessions: Sessions) => void): Promise<void> {
    const changed = changing.then(() => changeNow(edit))
    changing = changed.catch(() => {})
    return changed
  }

  return {
    async read(server) {
      const sessions = await read()
      return Object.hasOwn(sessions, server) ? sessions[server] : undefined
    },
    write: (server, session) => change((sessions) => void (sessions[server] = session)),
    clear: (server) => change((sessions) => void delete sessions[server]),
  }
}
