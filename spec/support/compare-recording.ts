import { json } from "../../lib/serializer/json.js"
import { msgpack } from "../../lib/serializer/msgpack.js"
import type { Player } from "./play.js"
import type { Played, PlayedConnection } from "./played.js"
import type { RecordedConnection, Recording } from "./recordings.js"

interface Heard {
  kind: string
  data?: string | undefined
  json?: string | undefined
  code?: number | undefined
}

/** The headers that mean something to a client; the others only name the HTTP server. */
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

/** The meaning of a frame, and the order it belongs to: that of its topic, or of the topic's presence diffs. */
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

/** The answer to a handshake; for one written by hand no library reports the agreed protocol and extensions. */
function handshakeOf(http: PlayedConnection | RecordedConnection["http"], connection: Agreed, byHand: boolean): object {
  const { opened = false, protocol = "", extensions = "", error } = connection
  const answer = { opened, status: http.status, headers: counting(http.headers), body: http.body ?? "" }
  return byHand ? answer : { ...answer, protocol, extensions, error }
}

type Agreed = Partial<Pick<PlayedConnection, "opened" | "protocol" | "extensions" | "error">>

function bodyOf(text: string | undefined): unknown {
  if (text === undefined || !text.startsWith("{")) return text
  const body = JSON.parse(text) as { messages?: string[] }
  if (body.messages === undefined) return body
  return {
    ...body,
    messages: body.messages.map((message) => (message.startsWith("[") ? JSON.parse(message) : message)),
  }
}

/** A scenario in a form that can be compared: everything that differs from run to run is masked. */
export interface Comparable {
  connections: Record<string, { handshake: object; frames: Record<string, unknown[]> }>
  exchanges: object[]
}

/** The answers of Phoenix in a recording. */
export function recordedAnswers({ connections, frames, exchanges }: Recording): Comparable {
  const masks = new Masks()
  const answers: Comparable = { connections: {}, exchanges: [] }
  for (const connection of connections) {
    const { id, url, http, opened } = connection
    const heard = frames.filter((frame) => opened === true && frame.conn === id && frame.dir === "in")
    const handshake = handshakeOf(http, connection, connection.raw_handshake === true)
    answers.connections[id] = { handshake, frames: linesOf(heard, url, masks) }
  }
  for (const { n, status, response_headers: headers, response_body: body } of exchanges) {
    answers.exchanges.push({ n, status, headers: counting(headers), body: bodyOf(body) })
  }
  return answers
}

/** The answers to a replay of the same recording. */
export function playedAnswers(recording: Recording, played: Played, player: Player): Comparable {
  const masks = new Masks()
  const answers: Comparable = { connections: {}, exchanges: [] }
  for (const { id, url, raw_handshake: byHand = false } of recording.connections) {
    const seen = played.connections.get(id) as PlayedConnection
    const heard = seen.opened ? seen.frames : []
    answers.connections[id] = { handshake: handshakeOf(seen, seen, byHand), frames: linesOf(heard, url, masks) }
  }
  for (const [at, { status, headers, body }] of played.exchanges.entries()) {
    const n = recording.exchanges[at]?.n
    answers.exchanges.push({ n, status, headers: counting(headers), body: bodyOf(player.masked(body)) })
  }
  return answers
}

/** How long something took in the recording and in the replay. */
export interface Duration {
  what: string
  recorded: number
  played: number
}

/** The times that the server decides: when it closes an idle connection, and how long a poll waits. */
export function durations(recording: Recording, played: Played): Duration[] {
  const found: Duration[] = []
  for (const { id, url, close } of recording.connections) {
    if (!url.startsWith("/fast") || close?.code !== 1002) continue
    const last = played.connections.get(id)?.frames.at(-1)
    found.push({ what: `connection ${id} closes`, recorded: close.t, played: last?.t ?? 0 })
  }
  for (const [at, { n, took_ms: took, method, response_body: body = "" }] of recording.exchanges.entries()) {
    if (method !== "GET" || !body.includes('"status":204')) continue
    found.push({ what: `exchange ${n} waits`, recorded: took, played: played.exchanges[at]?.tookMs ?? 0 })
  }
  return found
}
