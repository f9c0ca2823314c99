import { randomUUID } from "node:crypto"
import { Endpoint, jsonV1, Refused, type Channel } from "rookery/server"
import { supabase, type UserBroadcast } from "rookery/supabase"

/** An endpoint that stands in for Supabase's realtime service, as far as its client needs. */
export interface SupabaseApp {
  readonly endpoint: Endpoint
  readonly url: string
  /** The access tokens that clients renewed, by topic. */
  readonly tokens: [topic: string, token: string][]
  /** Announces a new row of a table. */
  insert(topic: string, table: string, record: object): void
}

export const API_KEY = "anon-key"

interface JoinConfig {
  broadcast?: { ack?: boolean; self?: boolean }
  presence?: { key?: string; enabled?: boolean }
  postgres_changes?: object[]
  private?: boolean
}

interface Assigns {
  config: JoinConfig
  key: string
}

const assignsOf = (room: Channel): Assigns => room.assigns as Assigns

function handlePresence(room: Channel, { event, payload }: { event: string; payload?: object }): void {
  const { key } = assignsOf(room)
  const metas = (room.presences[key]?.metas ?? []) as object[]
  if (event === "untrack") room.untrack(key)
  else if (metas.length > 0) room.update(key, payload ?? {})
  else room.track(key, payload ?? {}, { state: false })
}

export async function startSupabaseApp(): Promise<SupabaseApp> {
  const endpoint = new Endpoint({
    path: "/realtime/v1",
    logger: false,
    serializers: [supabase(), jsonV1()],
    connect: ({ params }) => params["apikey"] === API_KEY,
  })
  const tokens: [string, string][] = []
  endpoint.channel("realtime:*", {
    join({ params }, room) {
      const config = (params.config ?? {}) as JoinConfig
      if (config.private === true && params.access_token === undefined) {
        throw new Refused({ reason: "Unauthorized: You do not have permissions to read from this Channel topic" })
      }
      room.assigns = { config, key: config.presence?.key || randomUUID() }
      return { postgres_changes: (config.postgres_changes ?? []).map((change, i) => ({ ...change, id: i + 1 })) }
    },
    joined(room) {
      const { config } = assignsOf(room)
      if (config.presence?.enabled === true) room.push("presence_state", room.presences)
      if ((config.postgres_changes ?? []).length === 0) return
      const message = "Subscribed to PostgreSQL"
      room.push("system", { status: "ok", message, extension: "postgres_changes", channel: room.topic })
    },
    receive: {
      broadcast(payload: UserBroadcast, room) {
        const { ack = false, self = false } = assignsOf(room).config.broadcast ?? {}
        if (self) room.broadcast("broadcast", payload)
        else room.broadcastFrom("broadcast", payload)
        return ack ? {} : room.noReply
      },
      presence: (payload, room) => handlePresence(room, payload),
      access_token({ access_token }, room) {
        tokens.push([room.topic, access_token])
        return room.noReply
      },
    },
  })
  const { port } = await endpoint.listen()
  return {
    endpoint,
    url: `ws://127.0.0.1:${port}/realtime/v1`,
    tokens,
    insert(topic, table, record) {
      const columns = Object.keys(record).map((name) => ({ name, type: "text" }))
      const data = { type: "INSERT", schema: "public", table, commit_timestamp: "2024-01-01T00:00:00Z", errors: null }
      endpoint.broadcast(topic, "postgres_changes", { ids: [1], data: { ...data, columns, record } })
    },
  }
}
