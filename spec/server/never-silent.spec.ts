import { describe, expect, it, vi } from "vitest"
import type { Channel, EndpointOptions, LogFields, LogLevel } from "rookery/server"
import { PATIENCE } from "../support/patience.js"
import { rawUpgrade } from "../support/raw-http.js"
import { stages } from "../support/stage.js"

const stage = stages()

type Line = [level: LogLevel, message: string, fields: LogFields]

function loggedBy(options: EndpointOptions): { lines: Line[]; options: EndpointOptions } {
  const lines: Line[] = []
  return { lines, options: { ...options, logger: (...line) => lines.push(line) } }
}

const HANDSHAKE = "/socket/websocket?vsn=2.0.0"

describe("the log of an endpoint that refuses clients", () => {
  const CASES: [reason: string, options: EndpointOptions, path: string, headers: [string, string][], hint: string][] = [
    ["origin", { origins: ["https://app.example"] }, HANDSHAKE, [["origin", "https://other.example"]], "`origins`"],
    ["vsn", {}, "/socket/websocket?vsn=9.0.0", [], "`serializers`"],
    ["refused", { connect: () => false }, HANDSHAKE, [], "`connect`"],
    ["subprotocol", {}, HANDSHAKE, [["sec-websocket-protocol", "chat"]], "`authToken: false`"],
  ]

  it.each(CASES)(
    "warns once of the reason %s, with the option that lets them in",
    async (reason, given, path, headers, hint) => {
      const { lines, options } = loggedBy(given)
      const { port } = await stage(options)
      for (let i = 0; i < 3; i++) await rawUpgrade(port, path, headers)
      const refusals = lines.filter(([, message]) => message.startsWith(`a websocket was refused: ${reason}`))
      expect(refusals.map(([level]) => level)).toEqual(["warn", "info", "info"])
      expect(refusals[0]?.[1]).toContain(hint)
    },
  )
})

it("the log of an endpoint says that a client sends what its serializer cannot read", async () => {
  const { lines, options } = loggedBy({})
  const { connect } = await stage(options)
  const client = await connect()
  client.socket.send(Buffer.from([0x95, 0xa1, 0x31]))
  expect(await client.closed()).toBe(1011)
  expect(lines.map(([level, message]) => [level, message])).toEqual([
    ["warn", "a frame could not be decoded; does the client send what the serializer of version 2.0.0 reads?"],
  ])
})

describe("terminate", () => {
  it.each(["at once", "after an await"])("may broadcast %s to those who stay", async (when) => {
    const { connect } = await stage({}, (made) =>
      made.channel("room:*", {
        async terminate(reason, room) {
          if (when !== "at once") await Promise.resolve()
          await room.broadcast("left", { reason: reason.kind })
        },
      }),
    )
    const [ada, bob] = [await connect(), await connect()]
    await ada.join("room:1")
    await bob.join("room:1")
    ada.send("1", "2", "room:1", "phx_leave", {})
    expect(await bob.next()).toEqual([null, null, "room:1", "left", { reason: "left" }])
    await ada.fence()
    expect(ada.unread.map((frame) => (frame as unknown[])[3])).not.toContain("left")
  })

  it("does not end a connection by a broadcast that cannot be encoded", async () => {
    const { connect, endpoint } = await stage({}, (made) =>
      made.channel("room:*", { terminate: (_reason, room) => room.broadcast("left", { count: 1n }) }),
    )
    const [ada, bob] = [await connect(), await connect()]
    await ada.join("room:1")
    await bob.join("room:1")
    ada.send("1", "2", "room:1", "phx_leave", {})
    await ada.fence()
    await bob.fence()
    expect(bob.unread).toEqual([])
    expect(endpoint.counters().rookery_broadcasts_unencodable_total).toBe(1)
  })
})

describe("a channel that has ended", () => {
  it("says once for each event that a push or a broadcast has no effect", async () => {
    const { lines, options } = loggedBy({})
    const rooms: Channel[] = []
    const { connect } = await stage(options, (made) =>
      made.channel("room:*", { joined: (room) => void rooms.push(room as Channel) }),
    )
    const ada = await connect()
    await ada.join("room:1")
    ada.send("1", "2", "room:1", "phx_leave", {})
    await vi.waitFor(() => expect(rooms[0]?.signal.aborted).toBe(true), PATIENCE)
    for (let i = 0; i < 3; i++) {
      rooms[0]?.push("tick", {})
      await rooms[0]?.broadcast("tick", {})
      rooms[0]?.push("tock", {})
    }
    expect(lines.map(([level, message, { event }]) => [level, message.split(" ", 2)[1], event])).toEqual([
      ["warn", "push", "tick"],
      ["warn", "broadcast", "tick"],
      ["warn", "push", "tock"],
    ])
  })
})
