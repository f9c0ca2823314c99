import { Packr } from "msgpackr"
import { expect, it } from "vitest"
import { SerializerError } from "../../lib/protocol/errors.js"
import type { Message } from "../../lib/protocol/message.js"
import { readRecordings, type RecordedFrame, type Recording } from "../support/recordings.js"
import { SERIALIZERS, serializerByVsn, withPlainBytes, type SerializerName } from "../support/serializers.js"

/** A frame of a recording, and what it takes to read it. */
interface Sent {
  serializer: SerializerName
  by: "client" | "server"
  frame: string | Uint8Array
  /** MessagePack as another implementation decoded it. */
  json?: string
  /** The server closed the socket with 1011 on it, without an answer. */
  refused: boolean
}

// The codec accepts frames that Phoenix does not: a decoded topic may be anything, so that the server can answer it.
const READ_ALL_THE_SAME = new Set(["v2_bad_topic_object"])
// Sent as a text frame that is not UTF-8, which the websocket refuses with 1007 before any serializer sees it.
const NOT_FOR_A_SERIALIZER = new Set(["v2_bad_utf8_text"])

const vsnOf = (url: string): SerializerName => serializerByVsn(new URL(url, "http://host").searchParams.get("vsn"))

function overWebsocket({ connections, frames }: Recording): Sent[] {
  return connections.flatMap(({ id, url, close }) => {
    const own = frames.filter((frame) => frame.conn === id && (frame.kind === "text" || frame.kind === "binary"))
    const lastOut = own.findLast((frame) => frame.dir === "out")
    return own
      .filter((frame) => frame.data !== undefined)
      .map((frame) => ({
        serializer: vsnOf(url),
        by: frame.dir === "out" ? ("client" as const) : ("server" as const),
        frame: dataOf(frame),
        ...(frame.json !== undefined && { json: frame.json }),
        refused: frame === lastOut && close?.code === 1011,
      }))
  })
}

const dataOf = ({ kind, data = "" }: RecordedFrame): string | Uint8Array =>
  kind === "text" ? data : Uint8Array.from(Buffer.from(data, "base64"))

function overLongPoll({ exchanges }: Recording): Sent[] {
  return exchanges.flatMap(({ path, request_headers, request_body, request_bytes, status, response_body }) => {
    const posted =
      request_headers["content-type"] === "application/x-ndjson" && status === 200 && request_bytes === undefined
    const lines = posted ? (request_body ?? "").split("\n").filter((line) => line !== "") : []
    const send = (by: Sent["by"], frame: Sent["frame"]): Sent => ({
      serializer: vsnOf(path),
      by,
      frame,
      refused: false,
    })
    return [
      ...lines.map((line) => send("client", isText(line) ? line : Uint8Array.from(Buffer.from(line, "base64")))),
      // Bytes that happen to be UTF-8 come as text within the poll's JSON.
      ...messagesOf(response_body).map((text) =>
        send("server", isText(text) ? text : Uint8Array.from(Buffer.from(text))),
      ),
    ]
  })
}

const isText = (line: string): boolean => line.startsWith("[") || line.startsWith("{")

function messagesOf(body = ""): string[] {
  try {
    return (JSON.parse(body) as { messages?: string[] }).messages ?? []
  } catch {
    return []
  }
}

// The array as another end may read it, bytes included. The recorder's own decoder is not this one.
const packr = new Packr({ useRecords: false })
const meaning = (serializer: SerializerName, frame: string | Uint8Array): unknown => {
  if (serializer === "msgpack") return withPlainBytes(packr.unpack(frame as Uint8Array))
  if (typeof frame !== "string")
    return serializer === "json" ? Uint8Array.from(frame) : parse(Buffer.from(frame).toString())
  return parse(frame)
}
// JSON writes -0 as 0; a sixth element is for nobody.
const parse = (text: string): unknown => {
  const value: unknown = JSON.parse(text, (_key, inner: unknown) => (inner === 0 ? 0 : inner))
  return Array.isArray(value) ? value.slice(0, 5) : value
}
const showBytes = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? { $bin: Buffer.from(value).toString("hex") } : value
const tupleOf = ({ join_ref, ref, topic, event, payload }: Message): unknown[] => [join_ref, ref, topic, event, payload]

const SCENARIOS = readRecordings()
  .map((recording) => ({ name: recording.name, sent: [...overWebsocket(recording), ...overLongPoll(recording)] }))
  .map(({ name, sent }) => {
    const read = sent.filter(({ frame }) => !(NOT_FOR_A_SERIALIZER.has(name) && typeof frame !== "string"))
    const bad = read.filter(({ refused }) => refused && !READ_ALL_THE_SAME.has(name))
    return { name, bad, good: read.filter((frame) => !bad.includes(frame)) }
  })

it.each(SCENARIOS.filter(({ good }) => good.length > 0))(
  "reads every frame of $name and writes it again",
  ({ good }) => {
    for (const { serializer, by, frame, json } of good) {
      const { [by]: sender, [by === "client" ? "server" : "client"]: receiver } = SERIALIZERS[serializer]
      const message = receiver.decode(frame)
      if (json !== undefined) {
        const read = JSON.stringify(tupleOf(withPlainBytes(message) as Message), showBytes)
        expect(parse(read)).toEqual(parse(json))
      }
      expect(meaning(serializer, sender.encode(message)), String(frame)).toEqual(meaning(serializer, frame))
    }
  },
)

it.each(SCENARIOS.filter(({ bad }) => bad.length > 0))("refuses what closed the socket in $name", ({ bad }) => {
  for (const { serializer, frame } of bad) {
    expect(() => SERIALIZERS[serializer].server.decode(frame)).toThrow(SerializerError)
  }
})

it("has frames of every serializer, either direction, and bad ones to go by", () => {
  const counts: Record<string, number> = {}
  const count = (what: string): number => (counts[what] = (counts[what] ?? 0) + 1)
  for (const { good, bad } of SCENARIOS) {
    for (const { serializer, by } of good) count(`${serializer} by the ${by}`)
    for (const { serializer } of bad) count(`${serializer} refused`)
  }
  expect(counts).toMatchInlineSnapshot(`
    {
      "json by the client": 529,
      "json by the server": 570,
      "json refused": 17,
      "json-v1 by the client": 19,
      "json-v1 by the server": 20,
      "json-v1 refused": 1,
      "msgpack by the client": 10,
      "msgpack by the server": 15,
    }
  `)
})

it("knows each exception by a recording", () => {
  for (const name of [...READ_ALL_THE_SAME, ...NOT_FOR_A_SERIALIZER]) {
    expect(SCENARIOS.map((scenario) => scenario.name)).toContain(name)
  }
})
