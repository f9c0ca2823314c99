import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { jsonV1, Presence, Socket } from "rookery"

/** The contract of Supabase Realtime, the same on every topic. */
type Topics = {
  "realtime:*": {
    params: {
      config: {
        broadcast?: { self?: boolean; ack?: boolean }
        presence?: { key: string; enabled: boolean }
        postgres_changes?: { event: "*" | "INSERT" | "UPDATE" | "DELETE"; schema: string; table: string }[]
      }
      access_token?: string
    }
    receives: {
      broadcast: { type: "broadcast"; event: string; payload: { from: string; text: string } }
      postgres_changes: { ids: number[]; data: { type: string; table: string; record: Record<string, unknown> } }
      system: { status: string; message: string }
    }
    sends: {
      broadcast: { payload: { type: "broadcast"; event: string; payload: { from: string; text: string } } }
      presence: { payload: { type: "presence"; event: "track"; payload: { name: string } } }
    }
    presence: { name: string }
  }
}

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["SUPABASE_URL"] ?? "http://localhost:54321" },
    key: { type: "string", default: process.env["SUPABASE_ANON_KEY"] ?? "" },
    room: { type: "string", default: "lobby" },
    name: { type: "string", default: "Ada" },
    table: { type: "string" },
  },
})
const { name } = values

const socket = new Socket<Topics>(`${values.url.replace(/\/$/, "")}/realtime/v1`, {
  params: { apikey: values.key },
  serializer: jsonV1(), // the version that every Realtime server speaks
  heartbeatIntervalMs: 25_000,
})
socket.onStatus((status) => console.log(`* ${status}`))
socket.connect()

const room = socket.channel(`realtime:${values.room}`, {
  config: {
    broadcast: { ack: true },
    presence: { key: name, enabled: true },
    ...(values.table !== undefined && {
      postgres_changes: [{ event: "INSERT", schema: "public", table: values.table }],
    }),
  },
})
const presence = new Presence(room)
presence.onSync(() => console.log(`* here: ${presence.list((key) => key).join(", ")}`))
room.on("broadcast", ({ payload }) => console.log(`${payload.from}: ${payload.text}`))
room.on("postgres_changes", ({ data }) => console.log(`${data.type} in ${data.table}: ${JSON.stringify(data.record)}`))
room.on("system", ({ message }) => console.log(`* ${message}`))

// Presence belongs to one join: each rejoin tracks it again.
room.join().receive("ok", () => {
  console.log(`* in ${room.topic}`)
  room.push("presence", { type: "presence", event: "track", payload: { name } })
})

createInterface({ input: process.stdin }).on("line", (text) => {
  room
    .push("broadcast", { type: "broadcast", event: "message", payload: { from: name, text } })
    .catch((error: unknown) => console.log(`! ${String(error)}`))
})
