import type * as Phoenix from "phoenix"
import { LongPoll, Presence, Serializer, Socket, type Channel, type Push, type SocketOptions } from "rookery"
import { describe, expectTypeOf, it } from "vitest"

declare const socket: Socket
declare const room: Channel

describe("code that was written for the types of the official client", () => {
  it("can take a Socket for one", () => {
    expectTypeOf(socket).toExtend<Phoenix.Socket>()
  })

  it("can take a Channel for one", () => {
    expectTypeOf(room).toExtend<Phoenix.Channel>()
    expectTypeOf<Parameters<Phoenix.Channel["join"]>>().toExtend<Parameters<Channel["join"]>>()
    expectTypeOf<Parameters<Phoenix.Channel["leave"]>>().toExtend<Parameters<Channel["leave"]>>()
    expectTypeOf<Parameters<Phoenix.Channel["push"]>>().toExtend<Parameters<Channel["push"]>>()
  })

  it("can take a Push for one", () => {
    expectTypeOf<Push>().toExtend<Phoenix.Push>()
    expectTypeOf<Parameters<Phoenix.Push["receive"]>>().toExtend<Parameters<Push["receive"]>>()
    expectTypeOf(room.push("new_msg", {}).receive("ok", () => {})).toEqualTypeOf<Push>()
  })

  it("can take Presence for the same", () => {
    expectTypeOf(new Presence(room)).toExtend<Phoenix.Presence>()
  })

  it("can go on calling what it is given by its names", () => {
    socket.onOpen(async () => {})
    socket.onClose((event: CloseEvent) => event.code)
    socket.onError((error: Event | string | number) => error)
    socket.onError((error: Event, _transport, established: number) => [error.type, established])
    socket.onMessage((message: object) => message)
    socket.off([socket.onMessage(({ payload }: { payload: { text: string } }) => payload.text)])
    socket.ping((latency: number) => latency)
    room.onClose((payload: { text: string }) => payload)
    room.onError((reason: { text: string }) => reason)
    // @ts-expect-error an error is no close
    socket.onClose((error: Error) => error.message)
  })

  it("can go on giving its options", () => {
    expectTypeOf<Partial<Phoenix.SocketConnectOption>>().toExtend<SocketOptions>()
    expectTypeOf(Socket).toBeConstructibleWith("/socket", {
      params: () => ({ token: "a" }),
      transport: WebSocket,
      sessionStorage: window.sessionStorage,
      logger: (kind, message, data) => `${kind} ${message} ${data.topic}`,
      encode: (message: object, callback) => callback(JSON.stringify(message)),
      decode: (frame: string, callback) => callback(JSON.parse(frame)),
    })
    expectTypeOf(Socket).toBeConstructibleWith("/socket", { transport: LongPoll })
    expectTypeOf(Serializer.encode).toBeCallableWith(
      { join_ref: "1", ref: "1", topic: "room:1", event: "new_msg", payload: {} },
      (frame) => frame,
    )
  })
})
