import { Endpoint, type Limits } from "rookery/server"

/** A server, and its view of its clients by the ids that they choose. */
export interface Backend {
  readonly port: number
  /** The rules that a client or the endpoint has broken, in words. */
  readonly wrongs: string[]
  /** The number of effects of each push. */
  readonly effects: Map<string, number>
  /** The number of joins. */
  joins: number
  /** The number of clients so far, for their names. */
  lives: number
  /** Clients that got a false answer, and so may join twice. */
  readonly liedTo: Set<string>
  /** The number of sockets, channels and presences. */
  left(): number
  readonly endpoint: Endpoint
  close(): Promise<void>
}

/** An endpoint that counts joins, for each connection on its own. */
export async function startBackend(others: Partial<Limits> = {}): Promise<Backend> {
  const wrongs: string[] = []
  const effects = new Map<string, number>()
  const liedTo = new Set<string>()
  const limits = { pushesPerSecond: Infinity, connectionsPerAddress: Infinity, pollWindowMs: 100, ...others }
  let connections = 0
  const endpoint = new Endpoint({
    logger: false,
    limits,
    connect: ({ params }) => ({ assigns: { world: String(params["world"]), connection: ++connections } }),
  })
  endpoint.on("error", ({ error, where }) => wrongs.push(`the endpoint failed at ${where}: ${String(error)}`))
  endpoint.on("channelEnded", ({ socket, reason: { kind } }) => {
    const { world } = socket.assigns as { world: string }
    if (kind === "crashed" || (kind === "duplicate_join" && !liedTo.has(world)))
      wrongs.push(`${world}: the room ended by ${kind}`)
  })
  const alive = new Set<string>()
  endpoint.channel("room:*", {
    history: { size: 50, ttl: 60_000 },
    join() {
      backend.joins++
    },
    // `join` would count too early: a client that goes before its join is answered never gets a `terminate`.
    joined(room) {
      const { connection } = room.assigns as { connection: number }
      alive.add(`${connection} ${room.topic}`)
      room.track(`${connections}`, {})
    },
    terminate(_reason, room) {
      const { connection } = room.assigns as { connection: number }
      alive.delete(`${connection} ${room.topic}`)
    },
    receive: {
      echo(payload: { id: string }) {
        effects.set(payload.id, (effects.get(payload.id) ?? 0) + 1)
        return payload
      },
      bytes: (payload: Uint8Array) => payload,
      shout(payload: object, room) {
        room.broadcast("shout", payload)
        return {}
      },
    },
  })
  const { port } = await endpoint.listen({ port: 0, host: "127.0.0.1" })
  const backend: Backend = {
    port,
    wrongs,
    effects,
    liedTo,
    joins: 0,
    lives: 0,
    endpoint,
    left() {
      const { rookery_sockets, rookery_channels, rookery_presences } = endpoint.counters()
      return rookery_sockets + rookery_channels + rookery_presences + alive.size
    },
    close: () => endpoint.close({ deadlineMs: 0 }),
  }
  return backend
}
