import { Socket } from "rookery"
import { webRuntime } from "../../lib/runtime/web/web-runtime.js"
import { CoreEndpoint } from "../../lib/server/endpoint.js"
import { toEndpoint } from "./in-page-transport.js"

/** Runs a conversation of two clients over an endpoint in the same page, and returns its results. */
async function converse(): Promise<object> {
  const endpoint = new CoreEndpoint(webRuntime, {
    connect: ({ params, authToken }) => ({
      id: `user:${params["user"]}`,
      assigns: { user: params["user"], authToken },
    }),
  })
  endpoint.channel("room:*", {
    history: { size: 10, ttl: 60_000 },
    join: ({ params, socket }) => ({ you: socket.assigns.user, token: socket.assigns.authToken, params }),
    joined: (room) => room.track(String(room.assigns.user), { mood: "glad" }),
    receive: {
      say: ({ text }, room) => room.broadcast("said", { by: room.assigns.user, text }, { once: text }),
      size: (bytes: ArrayBuffer) => ({ bytes: bytes.byteLength }),
      later: async () => ({ after: await new Promise((resolve) => setTimeout(resolve, 1, "a while")) }),
    },
  })
  const closed: object[] = []
  endpoint.on("socketClosed", ({ socket, code }) => closed.push({ id: socket.id, code }))
  const said: object[] = []
  const enter = async (user: string) => {
    const socket = new Socket("ws://page/socket", {
      transport: toEndpoint(endpoint),
      params: { user },
      authToken: `token of ${user}`,
      reconnectAfterMs: () => 3_600_000,
    })
    socket.connect()
    const room = socket.channel("room:1", { first: true })
    room.on("said", (message: object) => said.push({ to: user, ...message }))
    return { socket, room, joined: await room.join() }
  }
  const [ada, bob] = [await enter("ada"), await enter("bob")]
  // Both pushes have the same name, so they count once.
  for (let time = 0; time < 2; time++) await bob.room.push("say", { text: "hello" })
  const answers = {
    size: await ada.room.push("size", new Uint8Array([1, 2, 3])),
    later: await bob.room.push("later", {}, { retry: true }),
    history: await ada.room.history({ limit: 5 }),
    count: await endpoint.count("room:1"),
    here: Object.keys(endpoint.presences("room:1")).sort(),
  }
  await endpoint.close({ deadlineMs: 1000 })
  return { joined: [ada.joined, bob.joined], said, answers, closed, open: endpoint.counters().rookery_sockets }
}

Object.assign(globalThis, { converse })
