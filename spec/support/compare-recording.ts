import { expect } from "vitest"
import { json } from "../../lib/serializer/json.js"
import { msgpack } from "../../lib/serializer/msgpack.js"
import type { Player } from "./play.js"
import type { Played, PlayedConnection, PlayedExchange, PlayedFrame } from "./played.js"
import type { RecordedConnection, RecordedExchange, Recording } from "./recordings.js"

interface Heard {
  kind: string
  data?: string | undefined
  json?: string | undefined
  code?: number | undefined
}

/** The headers that a client can tell a server by; the rest name the HTTP server. */
const COUNTS = /^(content-type|cache-control|access-control-.*|sec-websocket-protocol|sec-websocket-extensions)$/

const REF = /"phx_ref(?:_prev)?":"([A-Za-z0-9_-]{16})"/g

/** Gives equal refs equal names, in the order in which they turn up, and takes the time out of `online_at`. */
class Masks {
  readonly #names = new Map<string, string>()

  apply(text: string): string {
    return text
      .replace(REF, (found, ref: string) => {
        if (!this.#names.has(ref)) this.#names.set(ref, `REF${this.#names.size + 1}`)
        return found.replace(ref, this.#names.get(ref) as string)
      })
      .replace(/"online_at":"\d+"/g, '"online_at":"NOW"')
  }
}

function showBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bin: Buffer.from(value).toString("hex") }
  if (Array.isArray(value)) return value.map(showBytes)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, showBytes(inner)]))
}

/** What a frame says, and which line of order it belongs to: its topic, diffs of presence apart. */
function meaning(frame: Heard, vsn: string, masks: Masks): { line: string; says: unknown } {
  if (frame.kind === "close") return { line: "close", says: { code: frame.code } }
  if (frame.kind === "text") {
    const says: unknown = JSON.parse(masks.apply(frame.data ?? ""), (_, value) => (value === 0 ? 0 : value))
    const [topic, event] = Array.isArray(says) ? [says[2], says[3]] : [(says as { topic: string }).topic, undefined]
    return { line: `${JSON.stringify(topic)}${event === "presence_diff" ? " diff" : ""}`, says }
  }
  if (frame.kind !== "binary") return { line: frame.kind, says: frame.data }
  const bytes = Buffer.from(frame.data ?? "", "base64")
  if (vsn.startsWith("3")) {
    const { join_ref, ref, topic, event, payload } = msgpack().server.decode(bytes)
    return { line: JSON.stringify(topic), says: showBytes([join_ref, ref, topic, event, payload]) }
  }
  return { line: JSON.stringify(json().client.decode(bytes).topic), says: bytes.toString("hex") }
}

function linesOf(frames: readonly Heard[], url: string, masks: Masks): Record<string, unknown[]> {
  const vsn = /vsn=([\d.]+)/.exec(url)?.[1] ?? "1.0.0"
  const lines: Record<string, unknown[]> = {}
  for (const frame of frames) {
    const { line, says } = meaning(frame, vsn, masks)
    ;(lines[line] ??= []).push(says)
  }
  return lines
}

const counting = (headers: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => COUNTS.test(name)))

function handshakeOf(connection: RecordedConnection | PlayedConnection): object {
  const [http, raw] =
    "http" in connection ? [connection.http, connection.raw_handshake] : [connection, connection.protocol === undefined]
  const answer = { status: http.status, headers: counting(http.headers), body: http.body ?? "" }
  const agreed = raw === true ? {} : { protocol: connection.protocol ?? "", extensions: connection.extensions ?? "" }
  return { opened: connection.opened ?? false, ...answer, ...agreed }
}

function compareConnection(recording: Recording, recorded: RecordedConnection, played: PlayedConnection): void {
  const where = `${recording.name}, connection ${recorded.id}`
  const seen = recorded.raw_handshake === true ? { ...played, protocol: "", extensions: "" } : played
  const expected = recorded.raw_handshake === true ? { ...recorded, raw_handshake: false } : recorded
  expect(handshakeOf(seen), `${where}: handshake`).toEqual(handshakeOf(expected))
  if (recorded.error !== undefined) expect(played.error, `${where}: error`).toBe(recorded.error)
}

const inOf = (recording: Recording, id: string): Heard[] =>
  recording.frames.filter((frame) => frame.conn === id && frame.dir === "in")

/** Every frame of every connection says what Phoenix's said, in the same order where order counts. */
export function compareFrames(recording: Recording, played: Played): void {
  const expectedMasks = new Masks()
  const seenMasks = new Masks()
  for (const connection of recording.connections) {
    const { id, url } = connection
    const seen = played.connections.get(id) as PlayedConnection
    compareConnection(recording, connection, seen)
    const expected = inOf(recording, id)
    const frames: readonly PlayedFrame[] = connection.opened === true ? seen.frames : []
    expect(linesOf(frames, url, seenMasks), `${recording.name}, connection ${id}`).toEqual(
      linesOf(connection.opened === true ? expected : [], url, expectedMasks),
    )
  }
}

function bodyOf(text: string | undefined): unknown {
  if (text === undefined || !text.startsWith("{")) return text
  const body = JSON.parse(text) as { messages?: string[] }
  if (body.messages === undefined) return body
  return { ...body, messages: body.messages.map((message) => (message.startsWith("[") ? JSON.parse(message) : message)) }
}

/** The same for HTTP. */
export function compareExchanges(recording: Recording, played: Played, player: Player): void {
  const expected = recording.exchanges.map((exchange: RecordedExchange) => ({
    n: exchange.n,
    status: exchange.status,
    headers: counting(exchange.response_headers),
    body: bodyOf(exchange.response_body),
  }))
  const seen = played.exchanges.map(({ status, headers, body }: PlayedExchange, at) => ({
    n: recording.exchanges[at]?.n,
    status,
    headers: counting(headers),
    body: bodyOf(player.masked(body)),
  }))
  expect(seen, recording.name).toEqual(expected)
}
