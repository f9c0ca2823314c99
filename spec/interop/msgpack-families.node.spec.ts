import * as phoenix from "phoenix"
import { json, Socket, webSocket, type CloseInfo, type Transport } from "rookery"
import { gunzip, msgpack, textAsBytes } from "rookery/msgpack"
import { phoenixOptions } from "rookery/phoenix"
import { Endpoint } from "rookery/server"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { FAMILIES, type Family } from "../../fixtures/families.js"
import type { Message } from "../../lib/protocol/message.js"
import { familySerializer } from "../support/families.js"
import { LONG, startFamilyServer, type FamilyServer } from "../support/family-server.js"
import { readAsClient, writeAsClient } from "../support/family-wire.js"
import { FORMER_PHOENIX } from "../support/former-phoenix.js"
import { withPlainBytes } from "../support/serializers.js"

const VSN = "2.0.0"
const SOME = Uint8Array.of(0, 1, 2, 255)

const ends: (() => unknown)[] = []
const errors: unknown[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
  expect(errors.splice(0)).toEqual([])
})

const withGzip = ({ family }: Family): boolean => /^(E'|F)/.test(family)

function transportFor(family: Family): Transport {
  if (family.family === "B") return webSocket({ WebSocket: textAsBytes(WebSocket) })
  return withGzip(family) ? gunzip(webSocket()) : webSocket()
}

async function connectTo(family: Family): Promise<Socket> {
  const server: FamilyServer = await startFamilyServer(family)
  ends.push(() => server.close())
  const socket = new Socket(server.url, {
    serializer: familySerializer(family.client, VSN),
    transport: transportFor(family),
  })
  ends.push(() => socket.destroy())
  socket.onError((error) => errors.push(error))
  socket.connect()
  return socket
}

describe.each(FAMILIES)("a client of ours at a server of family $family ($says)", (family) => {
  it("joins, has its pushes answered, hears broadcasts and leaves", async () => {
    const socket = await connectTo(family)
    const room = await socket.join("room:é")
    const payload = { text: "hé", list: [1, -2.5, null, true], deep: { a: {} } }
    expect(await room.push("echo", payload)).toEqual(payload)
    expect(await room.push("long", {})).toEqual({ text: LONG })
    const heard = new Promise((resolve) => room.on("shout", resolve))
    await room.push("shout", { n: 1 })
    expect(await heard).toEqual({ n: 1 })
    await new Promise<void>((resolve) => socket.ping(() => resolve()))
    const closed = new Promise<void>((resolve) => void room.onClose(() => resolve()))
    room.leave()
    await closed
  })

  it("gets messages in the order in which they were sent, whatever their length", async () => {
    const room = await (await connectTo(family)).join("room:1")
    const order: unknown[] = []
    room.on("told", ({ n }: { n: number }) => void order.push(n))
    await room.push("burst", {})
    expect(order).toEqual([1, 2, 3, 4])
  })
})

const SENDING_MSGPACK = FAMILIES.filter(({ client }) => client.send === undefined)

describe.each(SENDING_MSGPACK)("bytes of a client of ours at a server of family $family", (family) => {
  it("arrive as bytes, and come back as bytes", async () => {
    const room = await (await connectTo(family)).join("room:1")
    expect(withPlainBytes(await room.push("echo", SOME))).toEqual(SOME)
    expect(withPlainBytes(await room.push("echo", { bytes: [SOME] }))).toEqual({ bytes: [SOME] })
  })
})

describe.each(FAMILIES)("the official client with phoenixOptions() at a server of family $family", (family) => {
  it("joins, and gets long and short messages in their order", async () => {
    const server = await startFamilyServer(family)
    ends.push(() => server.close())
    const serializer = familySerializer(family.client, VSN)
    const options = phoenixOptions({ serializer, transport: transportFor(family) })
    const socket = new phoenix.Socket(server.url, options)
    ends.push(() => socket.disconnect())
    socket.connect()
    const room = socket.channel("room:1", {})
    const order: number[] = []
    room.on("told", ({ n }: { n: number }) => void order.push(n))
    await new Promise((resolve) => room.join().receive("ok", resolve))
    await new Promise((resolve) => room.push("burst", {}).receive("ok", resolve))
    expect(order).toEqual([1, 2, 3, 4])
  })
})

describe("a client without the option that the server needs", () => {
  const family = (name: string): Family => FAMILIES.find(({ family }) => family === name) as Family
  const messageAt = async (name: string, serializer = msgpack({ vsn: VSN })): Promise<string> => {
    const server = await startFamilyServer(family(name))
    ends.push(() => server.close())
    const socket = new Socket(server.url, { serializer, transport: webSocket() })
    ends.push(() => socket.destroy())
    const ended = new Promise<string>((resolve) => {
      socket.onError((error) => resolve((error as Error).message))
      socket.onClose(({ reason }: CloseInfo) => resolve(reason))
    })
    socket.connect()
    const room = socket.channel("room:1")
    room.join().catch(() => {})
    room.push("long", {}).catch(() => {})
    room.push("echo", SOME).catch(() => {})
    return ended
  }

  it("is told of gunzip() at the first frame of gzip", async () => {
    expect(await messageAt("E'", msgpack({ vsn: VSN, shape: "map" }))).toContain("gunzip()")
  })

  it("is told of the option for binary frames at the first one", async () => {
    const name = "A'"
    const serializer = msgpack({ vsn: VSN })
    const withFrames = msgpack({ vsn: VSN, bytes: json() })
    const client = { ...serializer.client, encode: withFrames.client.encode }
    expect(await messageAt(name, { ...serializer, client })).toContain("the option `bytes`")
  })

  it("is disconnected by a server that reads another shape", async () => {
    expect(await messageAt("E")).toContain("no frame of a client of family E")
    expect(await messageAt("C")).toContain("no frame of a client of family C")
  })
})

const CLIENTS = [["1.8", phoenix] as const, FORMER_PHOENIX[0] as readonly [string, typeof phoenix]]

describe.each(FAMILIES)("the endpoint, to a client of family $family ($says)", (family) => {
  it.each(CLIENTS)("answers phoenix %s with that serializer as servers of the family do", async (_version, library) => {
    const endpoint = new Endpoint({ logger: false, serializers: [familySerializer(family.endpoint, VSN)] })
    ends.push(() => endpoint.close({ deadlineMs: 0 }))
    endpoint.channel("room:*", {
      receive: {
        echo: (payload) => payload,
        long: () => ({ text: LONG }),
        shout(payload, room) {
          room.broadcast("shout", payload)
        },
      },
    })
    const { port } = await endpoint.listen()
    const wrong: unknown[] = []
    const options = {
      transport: WebSocket,
      binaryType: "arraybuffer",
      vsn: VSN,
      encode: (message: object, callback: (frame: unknown) => void) =>
        callback(writeAsClient(family, message as Message)),
      decode(frame: unknown, callback: (message: Message) => void) {
        try {
          callback(readAsClient(family, frame))
        } catch (error) {
          wrong.push(error)
        }
      },
    }
    const socket = new library.Socket(`ws://127.0.0.1:${port}/socket`, options as never)
    ends.push(() => socket.disconnect())
    socket.connect()
    const answer = (push: phoenix.Push): Promise<unknown> =>
      new Promise((resolve) => push.receive("ok", resolve).receive("error", resolve).receive("timeout", resolve))
    const room = socket.channel("room:é", {})
    await answer(room.join())
    const payload = { text: "hé", list: [1, -2.5, null, true], deep: { a: {} } }
    expect(await answer(room.push("echo", payload))).toEqual(payload)
    expect(await answer(room.push("long", {}))).toEqual({ text: LONG })
    if (family.client.bytes !== undefined) {
      expect(withPlainBytes(await answer(room.push("echo", SOME)))).toEqual(SOME)
    }
    const heard = new Promise((resolve) => void room.on("shout", resolve))
    room.push("shout", { n: 1 })
    expect(await heard).toEqual({ n: 1 })
    const closed = new Promise<void>((resolve) => void room.onClose(() => resolve()))
    room.leave()
    await closed
    expect(wrong).toEqual([])
  })
})
