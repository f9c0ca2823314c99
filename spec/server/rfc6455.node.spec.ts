import { EventEmitter, once } from "node:events"
import type { AddressInfo } from "node:net"
import { setImmediate as turn } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { WebSocketServer } from "ws"
import { Endpoint } from "rookery/server"
import { RawClient } from "../support/raw-client.js"
import { AFTER_CLOSE, CLOSE_FRAMES, CLOSED_BY_SERVER, HALF_CLOSED } from "./rfc6455/closing.js"
import { DEFLATED } from "./rfc6455/deflate.js"
import { CONTROL_FRAMES, FRAGMENTS, LENGTH_FIELDS, MASKS, OPCODES, RESERVED_BITS } from "./rfc6455/framing.js"
import { UTF8 } from "./rfc6455/messages.js"
import { ASK_TO_CLOSE, CLOSE, frame, MESSAGE_BYTES, PING, PONG, type Sequence } from "./rfc6455/sequence.js"

const TABLES: Record<string, readonly Sequence[]> = {
  "the mask of a client": MASKS,
  "reserved bits": RESERVED_BITS,
  "reserved opcodes": OPCODES,
  "payload lengths": LENGTH_FIELDS,
  fragments: FRAGMENTS,
  "control frames": CONTROL_FRAMES,
  "the text of messages": UTF8,
  "the close frame of a client": CLOSE_FRAMES,
  "data behind a close frame": AFTER_CLOSE,
  "a close of the server": CLOSED_BY_SERVER,
  "the end of TCP": HALF_CLOSED,
  "permessage-deflate": DEFLATED,
}

const ROWS = Object.values(TABLES).flat()
const FENCE = "fence"
/** How many pieces a sequence is cut into, at most. */
const PIECES = 16

/** A server that all sequences run against, each by a path of its own. */
interface Server {
  readonly port: number
  /** The messages that reached the handler, by the path of the client. */
  readonly messages: Map<string, string[]>
  /** Emits the path of each client whose handler was told that it is gone. */
  readonly gone: EventEmitter
  close(): Promise<void>
}

const short = (data: Uint8Array, text: boolean): string =>
  data.length > 40 ? `of ${data.length}` : text ? JSON.stringify(String(data)) : Buffer.from(data).toString("hex")

function told(messages: Server["messages"], path: string, data: string | Uint8Array): void {
  const isText = typeof data === "string"
  const said = `${isText ? "text" : "bytes"} ${short(isText ? Buffer.from(data) : data, isText)}`
  messages.set(path, [...(messages.get(path) ?? []), said])
}

async function rookery(): Promise<Server> {
  const messages: Server["messages"] = new Map()
  const gone = new EventEmitter()
  const endpoint = new Endpoint({ logger: false })
  endpoint.gateway<{ path: string }>("/ws", {
    compress: true,
    limits: { messageBytes: MESSAGE_BYTES, frameBytes: MESSAGE_BYTES + 14, closeMs: 60_000 },
    connect: ({ request }) => ({ assigns: { path: request?.url ?? "" } }),
    onMessage(data: string | Uint8Array, client) {
      told(messages, client.assigns.path, data)
      if (data === ASK_TO_CLOSE) client.close(4000)
    },
    onClose: ({ assigns }) => void gone.emit(assigns.path),
  })
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  return { port, messages, gone, close: () => endpoint.close({ deadlineMs: 0 }) }
}

async function reference(): Promise<Server> {
  const messages: Server["messages"] = new Map()
  const gone = new EventEmitter()
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    perMessageDeflate: true,
    maxPayload: MESSAGE_BYTES,
  })
  server.on("connection", (socket, { url = "" }) => {
    socket.on("error", () => {})
    socket.on("close", () => gone.emit(url))
    socket.on("message", (data: Buffer, isBinary) => {
      told(messages, url, isBinary ? data : String(data))
      if (String(data) === ASK_TO_CLOSE) socket.close(4000)
    })
  })
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return {
    port,
    messages,
    gone,
    async close() {
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function sendInPieces(client: RawClient, bytes: Uint8Array): Promise<void> {
  const size = Math.max(1, Math.ceil(bytes.length / PIECES))
  for (let at = 0; at < bytes.length; at += size) {
    client.send(bytes.subarray(at, at + size))
    await turn()
  }
}

/** The outcome of a sequence at a server. */
async function outcomeAt(server: Server, sequence: Sequence, path: string, cut: boolean): Promise<string> {
  const { offer, bytes, then, halfClose = false } = sequence
  // Not `once()` of `node:events`, which listens for `error` too: all sequences wait at one emitter.
  const gone = new Promise<void>((resolve) => void server.gone.once(path, resolve))
  const client = await RawClient.open(
    server.port,
    path,
    offer === undefined ? [] : [`sec-websocket-extensions: ${offer}`],
  )
  const send = async (sent: Uint8Array): Promise<void> => (cut ? await sendInPieces(client, sent) : client.send(sent))
  await send(bytes)
  if (then !== undefined) {
    await client.until(() => client.closeCode !== undefined)
    await send(then)
  }
  if (halfClose) client.end()
  else client.send(frame(PING, FENCE))
  const isFence = ({ opcode, payload }: RawClient["frames"][number]): boolean =>
    opcode === PONG && String(payload) === FENCE
  await client.until(() => client.ended || client.reset || client.frames.some(isFence))
  const tcp = client.reset ? "reset" : client.ended ? "end" : "open"
  client.end()
  await client.until(() => client.closed)
  // The server learns of the end of TCP a moment later, and ws inflates in another thread.
  await gone
  const frames = client.frames.filter((received) => !isFence(received))
  const pongs = frames.filter(({ opcode }) => opcode === PONG)
  const closes = frames.filter(({ opcode }) => opcode === CLOSE)
  return [
    ...(server.messages.get(path) ?? []),
    ...pongs.map(({ payload }) => `pong ${short(payload, !payload.includes(0xff))}`),
    ...closes.map(({ payload }) => `close ${payload.length === 0 ? "empty" : payload.readUInt16BE(0)}`),
    tcp,
  ].join(", ")
}

const servers: Server[] = []
const outcomes = new Map<Sequence, Promise<{ rookery: string[]; ws: string[] }>>()

beforeAll(async () => {
  const [ours, theirs] = [await rookery(), await reference()]
  servers.push(ours, theirs)
  const both = async (server: Server, row: Sequence, n: number): Promise<string[]> => [
    await outcomeAt(server, row, `/ws?row=${n}&whole`, false),
    await outcomeAt(server, row, `/ws?row=${n}&cut`, true),
  ]
  for (const [n, row] of ROWS.entries()) {
    const ran = Promise.all([both(ours, row, n), both(theirs, row, n)])
    outcomes.set(
      row,
      ran.then(([rookeryOutcomes, wsOutcomes]) => ({ rookery: rookeryOutcomes, ws: wsOutcomes })),
    )
  }
})

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
})

describe.each(Object.entries(TABLES))("RFC 6455, %s", (_, rows) => {
  it.each(rows.map((row) => [row.clause, row.title, row.outcome, row] as const))(
    "%s: a server that gets %s → %s",
    async (_clause, _title, outcome, row) => {
      // In one write, and cut into pieces.
      const ran = await outcomes.get(row)
      expect(ran?.rookery).toEqual([outcome, outcome])
      expect(ran?.ws).toEqual([row.ws ?? outcome, row.ws ?? outcome])
    },
  )
})

describe("the table of RFC 6455", () => {
  it("has at least 150 sequences, each of which says its clause and runs once", () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(150)
    expect(new Set(ROWS.map(({ title }) => title)).size).toBe(ROWS.length)
    for (const { clause } of ROWS) expect(clause).toMatch(/^(7692 )?\d+(\.\d+)*$/)
  })

  it("has a reason for every outcome that is another at ws", () => {
    const differences = ROWS.filter(({ ws }) => ws !== undefined)
    expect(differences.every(({ because = "" }) => because.length > 20)).toBe(true)
  })
})
