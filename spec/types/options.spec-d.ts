import type { SocketConnectOption } from "phoenix"
import {
  Connection,
  json,
  longPoll,
  Socket,
  webSocket,
  withFallback,
  type ClientSerializer,
  type HistoryResponse,
  type Recovery,
  type SocketOptions,
  type Transport,
} from "rookery"
import { msgpack } from "rookery/msgpack"
import { phoenixOptions } from "rookery/phoenix"
import { describe, expectTypeOf, it } from "vitest"
import NodeWebSocket, { WebSocket as NamedNodeWebSocket } from "ws"
import type { Topics } from "./topics.js"

describe("the options of a socket", () => {
  it("may each be undefined, as what an app has not been told is", () => {
    type Unsaid = { [Name in keyof SocketOptions]-?: undefined }
    expectTypeOf<Unsaid>().toExtend<SocketOptions>()
    const unsaid: { timeout: number | undefined; signal: AbortSignal | undefined } = {
      timeout: undefined,
      signal: undefined,
    }
    const room = new Socket("/socket", { timeout: unsaid.timeout, logger: undefined }).channel("room:1")
    room.push("new_msg", {}, unsaid)
    room.push("new_msg", {}, unsaid.timeout)
    room.messages("new_msg", { limit: undefined, signal: unsaid.signal })
    room.listen("new_msg", () => {}, { once: undefined, signal: unsaid.signal })
    webSocket({ headers: undefined, agent: undefined })
    longPoll({ fetch: undefined })
    msgpack({ vsn: undefined })
  })

  it("take params and a token now or later", () => {
    const socket = Socket
    expectTypeOf(socket).toBeConstructibleWith("/socket", { params: { token: "a" }, authToken: "a" })
    expectTypeOf(socket).toBeConstructibleWith("/socket", {
      params: () => ({ token: "a" }),
      authToken: () => undefined,
    })
    expectTypeOf(socket).toBeConstructibleWith("/socket", { params: async () => ({}), authToken: async () => "a" })
    // @ts-expect-error a token is a string
    expectTypeOf(socket).toBeConstructibleWith("/socket", { authToken: 1 })
    // @ts-expect-error a token is a string
    expectTypeOf(socket).toBeConstructibleWith("/socket", { authToken: async () => 1 })
    // @ts-expect-error no such option
    expectTypeOf(socket).toBeConstructibleWith("/socket", { heartbeatMs: 1 })
  })
})

describe("a channel that recovers", () => {
  const socket = new Socket<Topics>("/socket")

  it("is asked for behind the params, which the contract may allow to leave out", () => {
    const room = socket.channel("room:1", { name: "Ada" }, { recover: true })
    expectTypeOf(room).toEqualTypeOf(socket.channel("room:1", { name: "Ada" }))
    expectTypeOf(socket.channel("news", {}, { recover: undefined })).toHaveProperty("onRecovered")
    expectTypeOf(socket.join("news", undefined, { recover: true, timeout: 500 })).resolves.toHaveProperty("history")
    // @ts-expect-error not instead of the params
    socket.channel("room:1", { recover: true })
    // @ts-expect-error it recovers or not
    socket.channel("room:1", { name: "Ada" }, { recover: "yes" })
    // @ts-expect-error a join is for join()
    socket.channel("room:1", { name: "Ada" }, { timeout: 500 })
  })

  it("tells what became of it, and gives pieces of the history", () => {
    const room = socket.channel("room:1", { name: "Ada" }, { recover: true })
    room.onRecovered((recovery) => expectTypeOf(recovery).toEqualTypeOf<Recovery>())
    expectTypeOf(room.history({ since: 4, limit: 10 })).resolves.toEqualTypeOf<HistoryResponse>()
    expectTypeOf(room.history()).resolves.toEqualTypeOf<HistoryResponse>()
    // @ts-expect-error an offset is a number
    room.history({ since: "4" })
  })
})

describe("a transport", () => {
  it("may be a class of WebSockets, of the platform or of ws", () => {
    class WithHeaders extends NodeWebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols, { headers: { authorization: "a" } })
      }
    }
    class Own extends WebSocket {}
    for (const transport of [WebSocket, Own, NodeWebSocket, NamedNodeWebSocket, WithHeaders]) {
      expectTypeOf(Socket).toBeConstructibleWith("/socket", { transport })
    }
    for (const Class of [WebSocket, Own, NodeWebSocket, NamedNodeWebSocket, WithHeaders])
      webSocket({ WebSocket: Class })
    // @ts-expect-error nothing can be sent with that
    webSocket({ WebSocket: Date })
  })

  it("may be one of ours, or anybody's", () => {
    const own: Transport = {
      name: "own",
      open: (url, { authToken }, events) => {
        expectTypeOf(authToken).toEqualTypeOf<string | undefined>()
        queueMicrotask(() => events.error(url))
        return {
          send: () => {},
          close: () => events.close({ code: 1000, reason: "", wasClean: true }),
          bufferedAmount: 0,
        }
      },
    }
    const transport = withFallback(own, longPoll(), { after: 5 })
    expectTypeOf(Socket).toBeConstructibleWith("/socket", { transport })
    expectTypeOf(Connection).toBeConstructibleWith("ws://localhost", { transport })
  })
})

describe("a serializer", () => {
  it("may be half of one", () => {
    const client: ClientSerializer = { name: "own", vsn: "4.0.0", longPoll: false, client: json().client }
    expectTypeOf(Socket).toBeConstructibleWith("/socket", { serializer: client })
    expectTypeOf(phoenixOptions({ serializer: client })).toExtend<Partial<SocketConnectOption>>()
  })
})

describe("options for the official client", () => {
  it("are options of its types", () => {
    const options: Partial<SocketConnectOption> = {
      ...phoenixOptions({ serializer: msgpack(), transport: withFallback(webSocket(), longPoll()) }),
      params: { token: "a" },
      timeout: 5000,
    }
    expectTypeOf(options).toExtend<Partial<SocketConnectOption>>()
  })

  it("are options of our own socket, too", () => {
    expectTypeOf(Socket).toBeConstructibleWith("/socket", phoenixOptions({ serializer: msgpack() }))
  })
})
