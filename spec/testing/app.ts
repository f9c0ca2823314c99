import { Endpoint, Refused, reply, type EndpointOptions } from "rookery/server"

export type Topics = {
  "room:*": {
    params: { name: string }
    joined: { members: number }
    refused: { reason: string }
    receives: {
      new_msg: { from: string; text: string }
      tick: { n: number }
      welcome: { at: string }
      bytes: Uint8Array
    }
    sends: {
      new_msg: { payload: { text: string }; ok: { id: number; text: string }; error: { reason: string } }
      whisper: { payload: { text: string } }
      later: { payload: { ms: number }; ok: { late: boolean } }
      ticks: { payload: { count: number } }
      silent: { ok: never }
      busy: { ok: never }
      boom: { payload: { message: string } }
      stop: { payload: { reason: string } }
      echo: { payload: unknown; ok: unknown }
      mood: { payload: { mood: string } }
    }
    presence: { name: string; mood?: string }
  }
  "admin:log": {
    receives: { line: { text: string } }
  }
}

interface Assigns {
  user: string
  token: string | null
}

/** A typical application to test: rooms, presence, refusals, and handlers that fail. */
export function makeApp(options: EndpointOptions<Topics, Assigns> = {}): Endpoint<Topics, Assigns> {
  const endpoint = new Endpoint<Topics, Assigns>({
    logger: false,
    connect: ({ params, authToken, request, address }) => {
      if (params["user"] === "mallory") throw new Refused({ reason: "banned" }, { status: 401 })
      if (params["user"] === "broken") throw new Error("no database")
      const user = params["user"] === undefined ? "nobody" : JSON.stringify(params["user"]).replaceAll('"', "")
      const from = request?.headers["x-from"] ?? address
      return {
        id: `user:${user}`,
        assigns: { user: from === undefined ? user : `${user} from ${from}`, token: authToken },
      }
    },
    ...options,
  })
  let lastId = 0
  endpoint.channel("room:*", {
    join({ topic, params }) {
      if (topic === "room:secret") throw new Refused({ reason: "unauthorized" })
      if (topic === "room:broken") throw new Error("join is broken")
      return { members: params.name.length }
    },
    joined(room) {
      if (room.topic === "room:welcome") {
        room.push("welcome", { at: "the door" })
        room.broadcast("tick", { n: 0 })
      }
      if (room.topic.startsWith("room:present")) room.track(room.params.name, { name: room.params.name })
    },
    receive: {
      new_msg({ text }, room) {
        if (text === "") throw new Refused({ reason: "empty" })
        room.broadcast("new_msg", { from: room.assigns.user, text })
        return { id: ++lastId, text }
      },
      whisper: ({ text }, room) => room.broadcastFrom("new_msg", { from: room.assigns.user, text }),
      later({ ms }, room) {
        const answer = room.replyTo()
        setTimeout(() => answer("ok", { late: true }), ms)
        return room.noReply
      },
      ticks({ count }, room) {
        for (let n = 1; n <= count; n++) room.push("tick", { n })
      },
      silent: (_, room) => room.noReply,
      busy: () => reply("busy", { retry: 1 }),
      boom({ message }) {
        throw new Error(message)
      },
      stop: ({ reason }, room) => room.stop(reason),
      echo: (payload) => payload,
      mood: ({ mood }, room) => room.update(room.params.name, (meta) => ({ ...meta, mood })),
    },
    terminate(_reason, room) {
      if (room.topic === "room:untidy") throw new Error("terminate is broken")
    },
  })
  endpoint.channel("admin:log", {})
  return endpoint
}
