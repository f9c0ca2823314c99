import { createClient } from "redis"
import { PATIENCE } from "./patience.js"
import type { RedisServer } from "./redis-server.js"
import { until } from "./until.js"

/** Sends a command to a server, by a connection of its own. */
export async function sent(server: RedisServer, ...command: string[]): Promise<unknown> {
  const socket = { reconnectStrategy: false, connectTimeout: PATIENCE.timeout } as const
  const client = createClient({ url: server.url, socket })
  client.on("error", () => {})
  await client.connect()
  try {
    return await client.sendCommand(command)
  } finally {
    client.destroy()
  }
}

/** Waits until a replica of a master has all that the master has. */
export async function inStep(master: RedisServer): Promise<void> {
  await until(async () => {
    const info = String(await sent(master, "INFO", "replication"))
    const [, offset = "?"] = /master_repl_offset:(\d+)/.exec(info) ?? []
    if (!info.includes(`state=online,offset=${offset},`)) throw new Error(`no replica is in step: ${info}`)
  })
}

/**
 * Has a master confirm nothing more, and its replica get all that it has confirmed. Replication is asynchronous: what a
 * master that dies has confirmed a moment before would be lost with it, now and then.
 */
export async function holdWrites(master: RedisServer): Promise<void> {
  await sent(master, "CLIENT", "PAUSE", "600000", "WRITE")
  await inStep(master)
}
