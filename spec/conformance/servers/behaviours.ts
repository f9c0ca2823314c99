import { once } from "node:events"
import { Presence, type Socket } from "rookery"
import { WebSocket } from "ws"
import { bytesOf, equal, failure, next } from "../expectations.js"
import type { ServerStage } from "./stage.js"

/** Checks one behaviour of a server; throws if it does not hold. */
export type ServerBehaviour = (stage: ServerStage) => Promise<void>

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, i) => i)

/** The code with which the server ends a socket's connection. */
const closeOf = (socket: Socket): Promise<number> =>
  new Promise((resolve) => {
    socket.onClose(({ code }) => resolve(code))
  })

/** Makes a request without a client. */
async function ask(
  stage: ServerStage,
  path: string,
  options: RequestInit = {},
): Promise<{ http: number; body: unknown }> {
  const response = await fetch(stage.url(path), options)
  const text = await response.text()
  return { http: response.status, body: text.startsWith("{") ? (JSON.parse(text) as unknown) : text }
}

/** Opens a websocket without a client, or returns the HTTP status of the refusal. */
async function handshake(
  stage: ServerStage,
  path: string,
  headers: Record<string, string> = {},
): Promise<WebSocket | number> {
  const socket = new WebSocket(stage.url(path, "ws"), { headers })
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket))
    socket.once("unexpected-response", (_request, { statusCode }) => {
      socket.on("error", () => {})
      socket.terminate()
      resolve(statusCode ?? 0)
    })
    socket.once("error", reject)
  })
}

/** The close code that answers a message. */
async function closedAfter(stage: ServerStage, path: string, ...messages: string[]): Promise<number> {
  const socket = await handshake(stage, path)
  if (typeof socket === "number") throw new Error(`refused with ${socket}`)
  const closed = once(socket, "close") as Promise<[number]>
  for (const message of messages) socket.send(message)
  return (await closed)[0]
}

async function openSession(stage: ServerStage, path: string): Promise<string> {
  const { body } = await ask(stage, `${path}?vsn=2.0.0&user=raw`)
  return (body as { token: string }).token
}

/** The behaviours of a server of Rookery, as its clients see them. */
export const SERVER_BEHAVIOURS: Record<string, ServerBehaviour> = {
  async join(stage) {
    const socket = stage.enter("ada")
    const params = { text: "Ada \u{1f600}", list: [1, 2.5, null] }
    equal(await socket.channel(stage.topic(), params).join(), { params }, "the answer to a join")
    const refused = await failure(socket.channel("room:denied").join())
    equal([refused.code, refused.response], ["refused", { reason: "unauthorized" }], "a refused join")
  },

  async reply(stage) {
    const room = await stage.enter("ada").join(stage.topic())
    const payload = { text: "hé\u{1f600}\u0000", list: [1, -2, 0.5, true, null], long: "x".repeat(200_000) }
    equal(await room.push("echo", payload), payload, "a reply")
    const burst = await Promise.all(Array.from({ length: 100 }, (_, n) => room.push("echo", { n })))
    equal(
      burst,
      Array.from({ length: 100 }, (_, n) => ({ n })),
      "the order of replies",
    )
  },

  async error(stage) {
    const room = await stage.enter("ada").join(stage.topic())
    const refused = await failure(room.push("fail"))
    equal([refused.code, refused.response], ["refused", { reason: "nope" }], "an error reply")
    equal((await failure(room.push("crash"))).code, "channel_crashed", "a crash")
    equal(await room.push("echo", { back: 1 }), { back: 1 }, "a reply after the rejoin")
  },

  async broadcast(stage) {
    const topic = stage.topic()
    const [ada, bob] = await Promise.all([stage.enter("ada").join(topic), stage.enter("bob").join(topic)])
    const heard: unknown[] = []
    bob.on("shout", ({ n }) => heard.push(n))
    const all = new Promise<void>((resolve) => void bob.on("shout", ({ n }) => n === 49 && resolve()))
    for (let n = 0; n < 50; n++) void ada.push("shout", { n })
    await all
    equal(
      heard,
      Array.from({ length: 50 }, (_, n) => n),
      "what a room hears",
    )
  },

  async presence(stage) {
    const topic = stage.topic()
    const ada = stage.enter("ada").channel(topic, { name: "Ada" })
    const presence = new Presence(ada)
    const present = (expected: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (presence.list((key, { metas }) => `${key}:${metas[0].name}`).join() === expected) resolve()
        }
        presence.onSync(look)
        look()
      })
    await ada.join()
    await present("ada:Ada")
    const bob = stage.enter("bob").channel(topic, { name: "Bob" })
    await bob.join()
    await present("ada:Ada,bob:Bob")
    await bob.leave()
    await present("ada:Ada")
  },

  async recovery(stage) {
    const topic = stage.topic()
    const room = stage.enter("ada").channel(topic, {}, { recover: true })
    const heard: unknown[] = []
    room.on("shout", ({ n }) => heard.push(n))
    await room.join()
    await room.push("shout", { n: 1 })
    const recovered = new Promise((resolve) => void room.onRecovered(resolve))
    stage.line.cut()
    // Another client broadcasts while this one is away.
    const other = await stage.past("bob").join(topic)
    await other.push("shout", { n: 2 })
    stage.line.mend()
    equal(await recovered, { recovered: true }, "the recovery")
    await room.push("shout", { n: 3 })
    equal(heard, [1, 2, 3], "what is heard before and after")
    const { messages } = await room.history({ limit: 10 })
    equal(
      messages.map(({ payload }) => (payload as { n: number }).n),
      [1, 2, 3],
      "the history",
    )
  },

  async retry(stage) {
    const topic = stage.topic()
    const room = await stage.enter("ada").join(topic)
    const counting = next(room, "counting")
    const key = `${stage.way} ${stage.serializer}`
    const counted = room.push("count", { key }, { retry: true })
    await counting
    stage.line.cut()
    // The server answers the push while its client is away, so that the client has to send it again.
    const other = await stage.past("bob").join(stage.topic())
    await other.push("go_on", { key })
    stage.line.mend()
    equal(await counted, { times: 1 }, "how often a push was handled that was sent twice")
  },

  async limits(stage) {
    const room = await stage.enter("ada", { path: "/tight" }).join(stage.topic())
    equal(await room.push("echo", { n: 1 }), { n: 1 }, "a push below the limit")
    const refused = await failure(room.push("echo", { n: 2 }))
    equal(refused.response, { reason: "too many pushes" }, "a push over the limit")
  },

  async binary(stage) {
    const topic = stage.topic()
    const [ada, bob] = await Promise.all([stage.enter("ada").join(topic), stage.enter("bob").join(topic)])
    const large = new Uint8Array(100_000).fill(7)
    for (const sent of [EVERY_BYTE, new Uint8Array(0), large]) {
      equal(bytesOf(await ada.push("echo", sent)), [...sent], "bytes in a reply")
    }
    const heard = next(bob, "shout")
    void ada.push("shout", EVERY_BYTE)
    equal(bytesOf(await heard), [...EVERY_BYTE], "bytes in a broadcast")
  },

  async "auth token"(stage) {
    const room = await stage.enter("ada", { authToken: "töken 1" }).join(stage.topic())
    equal(await room.push("token"), { token: "töken 1" }, "the token that connect is given")
  },

  async refused(stage) {
    const path = stage.way === "websocket" ? "/socket/websocket" : "/socket/longpoll"
    const query = `?vsn=${stage.vsn}&user=`
    const from = (origin: string): { headers: { origin: string } } => ({ headers: { origin } })
    if (stage.way === "websocket") {
      equal(await handshake(stage, `${path}${query}stranger`), 403, "a client that connect refuses")
      equal(await handshake(stage, `${path}${query}ada`, from("https://other.example").headers), 403, "another origin")
      equal((await ask(stage, path)).http, 426, "a request that is no handshake")
      const known = await handshake(stage, `${path}${query}ada`, from("https://known.example").headers)
      if (typeof known === "number") throw new Error(`an origin that may connect is refused with ${known}`)
      known.terminate()
    } else {
      const refused = { http: 200, body: { status: 403 } }
      equal(await ask(stage, `${path}${query}stranger`), refused, "a client that connect refuses")
      equal(await ask(stage, `${path}${query}ada`, from("https://other.example")), refused, "another origin")
      const { http, body } = await ask(stage, `${path}${query}ada`, from("https://known.example"))
      equal([http, (body as { status: number }).status], [200, 410], "an origin that may connect")
    }
    equal((await ask(stage, "/elsewhere")).http, 404, "a path that is not the endpoint's")
  },

  async "close codes"(stage) {
    if (stage.way === "websocket") {
      const query = "?vsn=2.0.0&user=raw"
      const heartbeat = JSON.stringify([null, "1", "phoenix", "heartbeat", {}])
      equal(await closedAfter(stage, `/socket/websocket${query}`, "nonsense"), 1011, "the code after no frame")
      equal(await closedAfter(stage, `/tight/websocket${query}`, "x".repeat(1001)), 1009, "the code after a long one")
      const flood = Array.from({ length: 50 }, () => heartbeat)
      // Deno resets a connection while frames of the client are on their way, and the close frame is lost.
      const code = await closedAfter(stage, `/tight/websocket${query}`, ...flood)
      equal(stage.agent.startsWith("Deno/") && code === 1006 ? 1008 : code, 1008, "the code after a flood")
    } else {
      const post = (path: string, token: string, body: string): ReturnType<typeof ask> =>
        ask(stage, `${path}?vsn=2.0.0&token=${token}`, {
          method: "POST",
          headers: { "content-type": "application/x-ndjson" },
          body,
        })
      const { body } = await post("/socket/longpoll", await openSession(stage, "/socket/longpoll"), "nonsense")
      equal((body as { status: number }).status, 400, "the answer to no frame")
      const long = await post("/tight/longpoll", await openSession(stage, "/tight/longpoll"), "x".repeat(1001))
      equal(long.http, 400, "the answer to a long body")
      equal((await post("/socket/longpoll", "gone", "")).body, { status: 410 }, "the answer without a session")
    }
    const [topic, user] = [stage.topic(), `away ${stage.way}`]
    const ada = stage.enter(user)
    await ada.join(topic)
    const closed = closeOf(ada)
    const other = await stage.enter("bob").join(topic, { other: user })
    void other.push("kick_others")
    equal(await closed, stage.way === "websocket" ? 1001 : 3410, "the code of a client that is sent away")
  },

  async drain(stage) {
    const socket = stage.enter("ada", { reconnectAfterMs: () => 3_600_000 })
    const room = await socket.join(stage.topic())
    const closed = closeOf(socket)
    equal(await room.push("drain"), { drained: room.topic }, "the reply that was pending")
    // A long-poll client notices the end by its next request, which may find no server any more.
    const code = await closed
    if (stage.way === "websocket") equal(code, 1012, "the code of the end")
  },
}
