import { Socket, type Transport } from "rookery"
import { connectInProcess, type InProcessLine } from "../../lib/runtime/memory/in-process.js"
import { webRuntime } from "../../lib/runtime/web/web-runtime.js"
import { CoreEndpoint } from "../../lib/server/endpoint.js"

/** A connection to an endpoint of the same page. */
function toEndpoint(endpoint: CoreEndpoint): Transport {
  return {
    name: "in page",
    open(url, { authToken = null }, events) {
      let line: InProcessLine | undefined
      const end = (code: number): void => events.close({ code, reason: "", wasClean: true })
      const soon = (act: () => void): void => void Promise.resolve().then(act)
      connectInProcess(endpoint, {
        params: new URL(url).search.slice(1),
        authToken,
        frame: (frame) => soon(() => events.frame(typeof frame === "string" ? frame : new Uint8Array(frame).buffer)),
        closed: (code) => soon(() => end(code)),
      })
        .then((opened) => {
          line = opened
          return events.open()
        })
        .catch((error: unknown) => {
          events.error(error)
          end(1006)
        })
      return { bufferedAmount: 0, send: (frame) => line?.send(frame), close: (code) => line?.close(code) }
    },
  }
}

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
