import { Endpoint, Refused } from "rookery/server"

// The channels of the conformance suite's servers, the same on every runtime.

/** The count of each key, by a push that may come twice. */
const counted = new Map<string, number>()
/** Functions that let the push of a key be answered. */
const waiting = new Map<string, () => void>()

/** The option for websockets on Node; other runtimes have none. */
type Extra = object

/** An endpoint with all channels of the suite. */
export function makeEndpoint(extra: Extra = {}): Endpoint {
  const endpoint: Endpoint = new Endpoint({
    logger: false,
    origins: ["https://known.example"],
    connect: ({ params, authToken }) => {
      if (params["user"] === "stranger") return false
      return { id: `user:${params["user"]}`, assigns: { user: String(params["user"]), token: authToken } }
    },
    ...extra,
  })
  endpoint.socket("/tight", {
    limits: {
      // No second push within the time of a test, however long it takes.
      pushesPerSecond: 0.01,
      pushBurst: 1,
      messageBytes: 1000,
      bodyBytes: 1000,
      framesPerSecond: 1,
      frameBurst: 20,
    },
  })
  endpoint.channel("room:*", {
    history: { size: 100, ttl: 60_000 },
    join({ topic, params }) {
      if (topic === "room:denied") throw new Refused({ reason: "unauthorized" })
      return { params }
    },
    joined(room) {
      if (room.params.name !== undefined) room.track(room.assigns.user, { name: room.params.name })
    },
    receive: {
      echo: (payload) => payload,
      token: (_payload, room) => ({ token: room.assigns.token }),
      fail: () => {
        throw new Refused({ reason: "nope" })
      },
      crash: () => {
        throw new Error("crash")
      },
      shout: (payload, room) => room.broadcast("shout", payload),
      kick_others: (_payload, room) => void endpoint.disconnect(`user:${room.params.other}`),
      async count({ key }: { key: string }, room) {
        counted.set(key, (counted.get(key) ?? 0) + 1)
        const goesOn = new Promise<void>((resolve) => waiting.set(key, resolve))
        room.broadcast("counting", { key })
        await goesOn
        return { times: counted.get(key) }
      },
      go_on: ({ key }: { key: string }) => waiting.get(key)?.(),
      async drain(_payload, room) {
        // The poll that brings the reply has to be there before the endpoint stops listening.
        await new Promise((resolve) => setTimeout(resolve, 300))
        void endpoint.close({ deadlineMs: 5000 })
        await new Promise((resolve) => setTimeout(resolve, 50))
        return { drained: room.topic }
      },
    },
  })
  return endpoint
}
