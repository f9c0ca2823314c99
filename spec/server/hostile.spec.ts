import * as fc from "fast-check"
import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { supabase } from "rookery/supabase"
import { afterEach, describe, expect, it } from "vitest"
import { BAD_FRAMES } from "../../fixtures/bad-frames.js"
import { readRecordings } from "../support/recordings.js"
import { stages } from "../support/stage.js"
import { answer, type WireClient } from "../support/wire-client.js"

const stage = stages()
const open: Socket[] = []

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
})

const VSNS = { json: "2.0.0", "json-v1": "1.0.0", msgpack: "3.0.0", supabase: "2.0.0" }

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
      const options = serializer === "supabase" ? { serializers: [supabase()] } : {}
      const { connect } = await stage(options, build)
      const [bad, good] = [await connect({ query: { vsn: VSNS[serializer] } }), await connect()]
      await good.join("room:1")
      bad.socket.send(frame)
      expect(await bad.closed()).toBe(1011)
      expect(bad.unread).toEqual([])
      expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
    },
  )
})

/** Every frame that the recordings' clients sent, with the version they spoke. */
const SENT = readRecordings().flatMap(({ connections, frames }) =>
  frames
    .filter(({ dir, kind, data }) => dir === "out" && (kind === "text" || kind === "binary") && data !== undefined)
    .map(({ conn, kind, data = "" }) => {
      const url = new URL(connections.find(({ id }) => id === conn)?.url ?? "", "http://localhost")
      return {
        vsn: url.searchParams.get("vsn") ?? "1.0.0",
        frame: kind === "text" ? data : Buffer.from(data, "base64"),
      }
    }),
)

/** The same with some of it changed, doubled, left out or cut off. */
function damaged(
  frame: string | Buffer,
  { at, byte, how }: { at: number; byte: number; how: number },
): string | Buffer {
  const bytes = Buffer.from(frame)
  const i = bytes.length === 0 ? 0 : at % bytes.length
  const changed = [
    () => Buffer.concat([bytes.subarray(0, i), Uint8Array.of(byte), bytes.subarray(i + 1)]),
    () => Buffer.concat([bytes.subarray(0, i), Uint8Array.of(byte), bytes.subarray(i)]),
    () => Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + 1)]),
    () => bytes.subarray(0, i),
  ][how % 4]?.() as Buffer
  return typeof frame === "string" ? changed.toString() : changed
}

describe("an endpoint goes on serving", () => {
  it("while others send every frame of the recordings, whole or damaged, in whatever version", async () => {
    // Rooms that take all of it: a socket then lasts until a frame is none.
    const { connect, endpoint } = await stage({ limits: { frameBytes: 100_000 } }, (endpoint) => {
      build(endpoint)
      endpoint.channel("other:*", { receive: { echo: (payload) => payload } })
    })
    const good = await connect()
    await good.join("other:1")
    expect(SENT.length).toBeGreaterThan(200)
    const damage = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }), how: fc.nat({ max: 3 }) })
    const others = new Map<string, WireClient>()
    const send = async (vsn: string, frame: string | Buffer): Promise<void> => {
      let other = others.get(vsn)
      if (other?.socket.readyState !== other?.socket.OPEN || other === undefined) {
        other = await connect({ query: { vsn } })
        others.set(vsn, other)
      }
      const { socket } = other
      const read = new AbortController()
      const pong = Promise.race(["pong", "close"].map((event) => once(socket, event, { signal: read.signal })))
      socket.send(frame)
      socket.ping()
      await pong
      read.abort()
    }
    for (const version of Object.values(VSNS)) for (const { frame } of SENT) await send(version, frame)
    const damages = fc.sample(damage, SENT.length)
    for (const [i, { vsn, frame }] of SENT.entries()) {
      const version = Object.values(VSNS).find((known) => vsn === known) ?? "2.0.0"
      await send(version, damaged(frame, damages[i] as { at: number; byte: number; how: number }))
    }
    for (const other of others.values()) await other.close()
    good.send("1", "9", "other:1", "echo", { still: 1 })
    expect(answer(await good.next())).toEqual({ status: "ok", response: { still: 1 } })
    expect(good.unread).toEqual([])
    expect(endpoint.counters().rookery_frames_rejected_total).toBeGreaterThan(50)
  })

  it("while others ask with any query, any headers and any method", async () => {
    const { connect, port, endpoint } = await stage(
      { compress: true, origins: "*", limits: { idleMs: Infinity } },
      build,
    )
    const good = await connect()
    await good.join("room:1")
    const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })
    const name = fc.constantFrom(
      "origin",
      "sec-websocket-key",
      "sec-websocket-version",
      "sec-websocket-protocol",
      "sec-websocket-extensions",
      "x-phoenix-authtoken",
      "x-phoenix-longpoll-token",
      "x-forwarded-for",
      "content-type",
      "cookie",
      "upgrade",
    )
    const header = fc.tuple(name, text).map(([name, value]) => `${name}: ${value}`)
    const query = fc.webQueryParameters()
    const request = fc.record({
      method: fc.constantFrom("GET", "POST", "OPTIONS", "PUT", "DELETE", "HEAD"),
      path: fc.constantFrom("/socket/websocket", "/socket/longpoll", "/socket/", "/socket/longpoll/x", "//socket"),
      query: fc.oneof(
        query,
        query.map((query) => `vsn=2.0.0&${query}`),
        query.map((query) => `vsn=2.0.0&token=${query}`),
      ),
      headers: fc.array(header, { maxLength: 4 }),
      upgrade: fc.boolean(),
    })
    for (const { method, path, query, headers, upgrade } of fc.sample(request, 200)) {
      const target = `${path}?${query}`
      const lines = upgrade
        ? handshake(target, headers).replace("GET", method)
        : [`${method} ${target} HTTP/1.1`, "host: localhost", "connection: close", ...headers, "", ""].join("\r\n")
      await sendRaw(port, Buffer.from(lines, "latin1"))
    }
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
    expect(good.unread).toEqual([])
    expect(endpoint.counters().rookery_errors_total).toBe(0)
  })

  it("an endpoint keeps serving after long-poll bodies that never end, end early, or have no known type", async () => {
    const { connect, port } = await stage({ limits: { bodyBytes: 5000 } }, build)
    const good = await connect()
    await good.join("room:1")
    const url = `http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0`
    const { token } = (await (await fetch(url)).json()) as { token: string }
    const path = `/socket/longpoll?vsn=2.0.0&token=${token}`
    const post = (headers: readonly string[], ...body: (string | Uint8Array)[]): Promise<string> =>
      sendRaw(port, [`POST ${path} HTTP/1.1`, "host: localhost", ...headers, "", ""].join("\r\n"), ...body)
    const join = '["1","1","room:2","phx_join",{}]'
    const close = "connection: close"
    await post(["content-length: 1000"], join)
    await post(["transfer-encoding: chunked"], "ffff\r\n", join)
    await post(["transfer-encoding: chunked", close], "zz\r\n", join)
    await post(["content-length: -1", close], join)
    await post(["content-length: 10000", close], "x".repeat(10_000))
    for (const body of fc.sample(fc.uint8Array({ maxLength: 200 }), 50))
      await post([`content-length: ${body.length}`, "content-type: text/plain", close], body)
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
    // Its own session took no harm either.
    const body = { method: "POST", headers: { "content-type": "application/x-ndjson" }, body: join }
    expect(await (await fetch(`http://127.0.0.1:${port}${path}`, body)).json()).toEqual({ status: 200 })
  })

  it("while others send any bytes for frames", async () => {
    // On a busy machine this takes longer than a client may be silent.
    const { connect, port, endpoint } = await stage({ compress: true, limits: { idleMs: Infinity } }, build)
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
  ])("an endpoint keeps serving after %s", async (_, path, headers, status) => {
    const { connect, port } = await stage({ compress: true }, build)
    const good = await connect()
    await good.join("room:1")
    expect(await sendRaw(port, handshake(path, headers))).toContain(status)
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined()
  })

  it("an endpoint keeps serving after an invalid request to upgrade", async () => {
    const { connect, port } = await stage({}, build)
    const good = await connect()
    await good.join("room:1")
    for (const [from, to, status] of [
      ["version: 13", "version: 7", 426],
      ["dGhlIHNhbXBsZSBub25jZQ==", "short", 400],
      ["GET", "POST", 405],
    ] as const) {
      const answered = await sendRaw(port, handshake("/socket/websocket?vsn=2.0.0").replace(from, to))
      expect(answered).toContain(`HTTP/1.1 ${status}`)
    }
    expect(await served(good)).toEqual({ status: "ok", response: { still: 1 } })
  })

  it("an endpoint keeps serving after long-poll bodies of random bytes", async () => {
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
