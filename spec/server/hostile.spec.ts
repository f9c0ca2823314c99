import * as fc from "fast-check"
import { connect as connectTcp, type Socket } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { BAD_FRAMES } from "../../fixtures/bad-frames.js"
import { stages } from "../support/stage.js"
import { answer, type WireClient } from "../support/wire-client.js"

const stage = stages()
const open: Socket[] = []

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
})

const VSNS = { json: "2.0.0", "json-v1": "1.0.0", msgpack: "3.0.0" }

const build = (endpoint: Parameters<NonNullable<Parameters<typeof stage>[1]>>[0]): void => {
  endpoint.channel("room:*", {
    receive: { echo: (payload) => payload, shout: (payload, room) => room.broadcast("shout", payload) },
  })
}

/** Whether somebody else is still served. */
async function served(client: WireClient): Promise<unknown> {
  client.send("1", "9", "room:1", "echo", { still: 1 })
  return answer(await client.next())
}

const handshake = (path: string, headers: readonly string[] = []): string =>
  [
    `GET ${path} HTTP/1.1`,
    "host: localhost",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
    "",
    "",
  ].join("\r\n")

/** Sends bytes over a line of their own, and gives what came back once it has ended, or a while of nothing. */
async function sendRaw(port: number, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const socket = connectTcp(port, "127.0.0.1")
  open.push(socket)
  let got = ""
  socket.on("data", (chunk) => (got += chunk.toString("latin1")))
  socket.on("error", () => {})
  const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()))
  for (const piece of pieces) socket.write(piece)
  socket.end()
  await ended
  return got
}

describe("frames that are none", () => {
  const rows = BAD_FRAMES.filter(({ readBy }) => readBy === "server")

  it.each(rows.map((row) => [`${row.serializer}: ${row.name}`, row] as const))(
    "%s",
    async (_, { serializer, frame }) => {
      const { connect } = await stage({}, build)
      const [bad, good] = [await connect({ query: { vsn: VSNS[serializer] } }), await connect()]
      await good.join("room:1")
      bad.socket.send(frame)
      expect(await bad.closed()).toBe(1011)
      expect(bad.unread).toEqual([])
      expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
    },
  )
})

describe("an endpoint goes on serving", () => {
  it("while others send any bytes for frames", async () => {
    const { connect, port, endpoint } = await stage({ compress: true }, build)
    const good = await connect()
    await good.join("room:1")
    const bytes = fc.uint8Array({ maxLength: 60 })
    const deflate = "sec-websocket-extensions: permessage-deflate"
    for (const noise of fc.sample(bytes, 150))
      await sendRaw(port, handshake("/socket/websocket?vsn=2.0.0", [deflate]), noise)
    for (const noise of fc.sample(bytes, 100)) {
      // Masked by nothing, a whole frame of noise, text or bytes, compressed or not.
      const first = [0x81, 0x82, 0xc1, 0xc2][noise.length % 4] as number
      const frame = Buffer.concat([Buffer.from([first, 0x80 | noise.length, 0, 0, 0, 0]), noise])
      await sendRaw(port, handshake("/socket/websocket?vsn=3.0.0", [deflate]), frame)
    }
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
    expect(endpoint.counters().rookery_sockets).toBe(1)
    expect(endpoint.counters().rookery_errors_total).toBe(0)
  })

  it("while others send messages of any values", async () => {
    const { connect } = await stage({}, build)
    const good = await connect()
    await good.join("room:1")
    const part = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("room:1", "room:2", "phx_join", "phx_leave", "echo", "shout", "phoenix"),
    )
    let other = await connect()
    for (const parts of fc.sample(fc.array(part, { minLength: 5, maxLength: 6 }), 500)) {
      if (other.socket.readyState !== other.socket.OPEN) other = await connect()
      other.send(...parts)
    }
    await other.close()
    good.send("1", "end", "room:1", "echo", "end")
    for (;;) {
      const frame = await good.next()
      if ((frame as unknown[])[1] === "end") break
    }
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
  })

  it.each([
    ["%ff in the query", "/socket/websocket?vsn=2.0.0&a=%ff", [], "HTTP/1.1 400"],
    ["a lone percent sign", "/socket/websocket?vsn=2.0.0&a=%", [], "HTTP/1.1 400"],
    ["a query of a thousand brackets", `/socket/websocket?vsn=9.9.9&a${"[b]".repeat(1000)}=1`, [], "HTTP/1.1 403"],
    [
      "__proto__ in the query",
      "/socket/websocket?vsn=9.9.9&__proto__[a]=1&constructor[prototype][b]=2",
      [],
      "HTTP/1.1 403",
    ],
    ["a vsn that is a list", "/socket/websocket?vsn[]=2.0.0", [], "HTTP/1.1 403"],
    ["an unknown subprotocol", "/socket/websocket?vsn=2.0.0", ["sec-websocket-protocol: ,,x, "], "HTTP/1.1 403"],
    [
      "a token that is no base64",
      "/socket/websocket?vsn=2.0.0",
      ["sec-websocket-protocol: base64url.bearer.phx.=a="],
      "HTTP/1.1 500",
    ],
    [
      "extensions of nonsense",
      "/socket/websocket?vsn=9.9.9",
      ["sec-websocket-extensions: permessage-deflate; =;;,,"],
      "HTTP/1.1 403",
    ],
    ["an origin of nonsense", "/socket/websocket?vsn=2.0.0", ["origin: http://[::1"], "HTTP/1.1 403"],
  ])("after %s", async (_, path, headers, status) => {
    const { connect, port } = await stage({ compress: true }, build)
    const good = await connect()
    await good.join("room:1")
    expect(await sendRaw(port, handshake(path, headers))).toContain(status)
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined()
  })

  it("after a request to upgrade that is none", async () => {
    const { connect, port } = await stage({}, build)
    const good = await connect()
    await good.join("room:1")
    for (const [from, to] of [
      ["version: 13", "version: 7"],
      ["dGhlIHNhbXBsZSBub25jZQ==", "short"],
      ["GET", "POST"],
    ] as const) {
      expect(await sendRaw(port, handshake("/socket/websocket?vsn=2.0.0").replace(from, to))).toContain("HTTP/1.1 400")
    }
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
  })

  it("after bodies of noise over long-poll", async () => {
    const { connect, port } = await stage({}, build)
    const good = await connect()
    await good.join("room:1")
    const url = `http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0`
    const { token } = (await (await fetch(url)).json()) as { token: string }
    for (const body of fc.sample(fc.uint8Array({ maxLength: 200 }), 100)) {
      const headers = { "content-type": "application/x-ndjson" }
      const response = await fetch(`${url}&token=${token}`, { method: "POST", headers, body: new Uint8Array(body) })
      expect(response.status).toBe(200)
    }
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
  })

  it("when a client goes while connect thinks", async () => {
    let entered = (): void => {}
    let decide = (): void => {}
    const thinking = new Promise<void>((resolve) => (entered = resolve))
    const { connect, port, endpoint } = await stage({
      connect: () => {
        entered()
        return new Promise((resolve) => (decide = () => resolve(true)))
      },
    })
    const socket = connectTcp(port, "127.0.0.1")
    open.push(socket)
    socket.write(handshake("/socket/websocket?vsn=2.0.0"))
    await thinking
    socket.resetAndDestroy()
    endpoint.socket("/other", { connect: () => true })
    await connect({ path: "/other" })
    decide()
    const last = await connect({ path: "/other" })
    expect(await last.fence()).toEqual([])
    expect(endpoint.counters().rookery_sockets_connected_total).toBe(2)
  })
})
