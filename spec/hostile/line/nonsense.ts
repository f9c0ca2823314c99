import type { Socket } from "node:net"
import type { Answer } from "../../support/odd-server.js"
import { ClientFrames, closeBody, fragments, handshakeAnswer, OPCODES, rawFrame } from "../../support/raw-websocket.js"

/** An answer that no server should give, and the client's reaction. */
export interface Nonsense {
  readonly name: string
  readonly answer: Answer
  /**
   * - `refused`: the connection never opens;
   * - `lost`: the connection ends, or the client gives it up;
   * - a number: the connection ends with this close code;
   * - `kept`: the connection stays open.
   */
  readonly comes: "refused" | "lost" | "kept" | number
}

const HTML = "<!doctype html><title>Welcome</title><p>Please accept our terms."
const http = (status: string, headers: string, body = ""): string =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`

const says =
  (text: string | ((key: string) => string), end = true): Answer =>
  (line, { key }) => {
    const all = typeof text === "string" ? text : text(key)
    if (end) line.end(all, "latin1")
    else line.write(all, "latin1")
  }

/** Writes the same piece for as long as the other end reads. */
const withoutEnd =
  (begin: string, piece: string): Answer =>
  (line) => {
    line.write(begin)
    const more = (): void => {
      while (!line.destroyed && line.write(piece));
    }
    line.on("drain", more)
    more()
  }

const handshake = (headers: Record<string, string | undefined>, status?: string): Answer =>
  says((key) => handshakeAnswer(key, headers, status), false)

/** Wrong answers of a server to a handshake. */
export const BAD_HANDSHAKES: readonly Nonsense[] = (
  [
    ["nothing, and hangs up", (line) => line.end()],
    ["nothing, and resets the line", (line) => line.resetAndDestroy()],
    ["nothing, ever", () => {}],
    ["half a head, and then nothing, ever", says("HTTP/1.1 101 Switching Pro", false)],
    ["noise", says("\0\x01\x02\xff\xfe".repeat(100))],
    ["one byte", says("H")],
    ["text of no protocol", says("220 mail.example.test ESMTP\r\n")],
    ["a page", says(http("200 OK", "content-type: text/html\r\n", HTML))],
    ["a page that never ends", withoutEnd("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n", HTML.repeat(20))],
    ["a head that never ends", withoutEnd("HTTP/1.1 101 Switching Protocols\r\n", `x-a: ${"a".repeat(1000)}\r\n`)],
    ["one header that never ends", withoutEnd("HTTP/1.1 101 Switching Protocols\r\nx-a: ", "a".repeat(4096))],
    ["headers without names", says((key) => handshakeAnswer(key, { "": "x" }))],
    ["huge headers", handshake({ "x-a": "a".repeat(100_000) })],
    ["a line feed in a header", handshake({ "x-a": "a\nb: c\r\rd" })],
    ["a wrong accept", handshake({ "sec-websocket-accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" })],
    ["no accept", handshake({ "sec-websocket-accept": undefined })],
    ["the accept of another key", says(() => handshakeAnswer("dGhlIHNhbXBsZSBub25jZQ=="), false)],
    ["no upgrade", handshake({ upgrade: undefined })],
    ["another upgrade", handshake({ upgrade: "h2c" })],
    ["a subprotocol that nobody asked for", handshake({ "sec-websocket-protocol": "phoenix" })],
    ["two subprotocols", handshake({ "sec-websocket-protocol": "a, b" })],
    ["an empty subprotocol", handshake({ "sec-websocket-protocol": "" })],
    ["an extension that nobody knows", handshake({ "sec-websocket-extensions": "x-webkit-nonsense" })],
    ["extensions that make no sense", handshake({ "sec-websocket-extensions": "permessage-deflate; =;;,\x01" })],
    ["101 without anything", says("HTTP/1.1 101 Switching Protocols\r\n\r\n")],
    ["200, with the headers of an upgrade", handshake({ "content-length": "0" }, "200 OK")],
    ["101 and then garbage", says((key) => `${handshakeAnswer(key)}\xff\xff\xff\xff\xff\xff\xff\xff`, false), "lost"],
    ["101 of another version of HTTP", says((key) => handshakeAnswer(key).replace("1.1", "9.9"))],
    ["a hundred times 100", says("HTTP/1.1 100 Continue\r\n\r\n".repeat(100))],
    ["a body cut short", says("HTTP/1.1 403 Forbidden\r\ncontent-length: 1000\r\n\r\nshort")],
    ["chunks that make no sense", says("HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n")],
    ["a redirect to itself", says(http("302 Found", "location: /socket/websocket\r\n"))],
    ["a redirect elsewhere", says(http("301 Moved", "location: http://127.0.0.1:1/\r\n"))],
    ["a redirect to nowhere", says(http("307 Moved", "location: \x01://\r\n"))],
    ...[204, 205, 304, 400, 401, 403, 404, 407, 410, 426, 429, 500, 502, 503, 599, 999].map((status) => [
      `HTTP ${status}`,
      says(http(`${status} No`, "retry-after: 1\r\n")),
    ]),
  ] as [name: string, answer: Answer, comes?: Nonsense["comes"]][]
).map(([name, answer, comes = "refused"]) => ({ name, answer, comes }))

/** A stand-in for Phoenix on a raw connection: accepts the handshake, answers joins, and then calls `speak`. */
function phoenix(line: Socket, key: string, speak: (line: Socket, joinRef: string) => void, quiet = false): void {
  const frames = new ClientFrames()
  line.write(handshakeAnswer(key))
  line.on("data", (chunk) => {
    for (const { opcode, payload } of frames.push(chunk)) {
      if (opcode === OPCODES.close) line.end(rawFrame(OPCODES.close, payload))
      if (opcode !== OPCODES.text) continue
      const [joinRef, ref, topic, event] = JSON.parse(payload.toString()) as string[]
      const answer = [joinRef, ref, topic, "phx_reply", { status: "ok", response: {} }]
      if (event === "phx_join" || (event === "heartbeat" && !quiet)) line.write(text(answer))
      if (event === "phx_join") speak(line, joinRef as string)
    }
  })
}

const text = (message: unknown): Buffer => rawFrame(OPCODES.text, JSON.stringify(message))

/** Sends the bytes after the reply to the join. */
const after =
  (bytes: (joinRef: string) => Uint8Array | string): Answer =>
  (line, { key }) =>
    phoenix(line, key, (_line, joinRef) => line.write(bytes(joinRef)))

/** Sends the bytes in one piece with the answer to the handshake. */
const atOnce =
  (bytes: Uint8Array): Answer =>
  (line, { key }) => {
    line.write(Buffer.concat([Buffer.from(handshakeAnswer(key)), bytes]))
    line.on("data", () => {})
  }

/** Every close code worth a try; no frame may carry those of the second list. */
const CODES = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3410, 3999, 4000, 4001, 4321,
  4999,
]
const FORBIDDEN_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 32_768, 65_535]

const ABNORMAL = 1006
const close = (body: Uint8Array, odd = {}): Buffer => rawFrame(OPCODES.close, body, odd)

/** Closes of each kind, at once and after a join. */
export const CLOSES: readonly Nonsense[] = (
  [
    ...CODES.map((code) => [`${code}`, close(closeBody(code)), code]),
    ...CODES.map((code) => [`${code} with a reason`, close(closeBody(code, "because é")), code]),
    ...FORBIDDEN_CODES.map((code) => [`${code}`, close(closeBody(code)), ABNORMAL]),
    ["no code", close(Buffer.alloc(0)), 1005],
    ["one byte", close(Buffer.of(3)), ABNORMAL],
    ["the longest reason", close(closeBody(1000, "r".repeat(123))), 1000],
    ["a reason that is too long", close(closeBody(1000, "r".repeat(124))), ABNORMAL],
    ["a reason that is not UTF-8", close(closeBody(1000, Buffer.of(0xc3, 0x28))), ABNORMAL],
    ["half a surrogate pair", close(closeBody(1000, Buffer.of(0xed, 0xa0, 0x80))), ABNORMAL],
    ["a fragment", close(closeBody(1000), { fin: false }), ABNORMAL],
    ["a mask", close(closeBody(1000), { masked: true }), ABNORMAL],
    ["a reserved bit", close(closeBody(1000), { reserved: 4 }), ABNORMAL],
    ["two of them", Buffer.concat([close(closeBody(1001)), close(closeBody(1002))]), 1001],
    ["a message behind it", Buffer.concat([close(closeBody(1001)), text([null, null, "room:1", "late", {}])]), 1001],
  ] as [name: string, bytes: Buffer, comes: number][]
).flatMap(([name, bytes, comes]) => [
  { name: `closes at once: ${name}`, answer: atOnce(bytes), comes },
  { name: `closes after the join: ${name}`, answer: after(() => bytes), comes },
])

const bytes = (length: number): Buffer => Buffer.alloc(length, "x")
const reply = (joinRef: string, payload: unknown, ref = joinRef): Buffer =>
  text([joinRef, ref, "room:1", "phx_reply", payload])

/** Invalid frames, and messages that make no sense. */
export const BAD_FRAMES: readonly Nonsense[] = (
  [
    ...[1, 2, 3, 4, 5, 6, 7].map((reserved) => [
      `reserved bits ${reserved}`,
      () => rawFrame(OPCODES.text, "x", { reserved }),
      "lost",
    ]),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, () => rawFrame(opcode, "x"), "lost"]),
    ["a mask", () => rawFrame(OPCODES.text, "[]", { masked: true }), "lost"],
    ["a continuation of nothing", () => rawFrame(OPCODES.continuation, "x"), "lost"],
    ["text within text", () => [rawFrame(1, "x", { fin: false }), rawFrame(1, "y")], "lost"],
    ["a fragment of a ping", () => rawFrame(OPCODES.ping, "x", { fin: false }), "lost"],
    ["a ping of 126 bytes", () => rawFrame(OPCODES.ping, bytes(126)), "lost"],
    ["a pong of 126 bytes", () => rawFrame(OPCODES.pong, bytes(126)), "lost"],
    ["text that is not UTF-8", () => rawFrame(OPCODES.text, Buffer.of(0xff, 0xfe)), "lost"],
    ["a length of 2^63", () => Buffer.from([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), "lost"],
    ["a length of 2^53", () => Buffer.from([0x81, 127, 0, 0x20, 0, 0, 0, 0, 0, 0]), "lost"],
    [
      "a length that is never filled",
      () => rawFrame(OPCODES.text, "x", { lengthBits: 64, length: 90_000_000 }),
      "lost",
    ],
    ["the first byte of a frame", () => Buffer.of(0x81), "lost"],
    ["a fragment without a next", () => rawFrame(OPCODES.text, "[", { fin: false }), "kept"],
    ["a length in more bytes than it needs", () => rawFrame(OPCODES.text, "[]", { lengthBits: 64 }), "kept"],
    ["pings and pongs", () => [...Array(50)].flatMap(() => [rawFrame(9, "ping"), rawFrame(10, "pong")]), "kept"],
    ["no text", () => rawFrame(OPCODES.text), "kept"],
    ["no bytes", () => rawFrame(OPCODES.binary), "kept"],
    ["noise in a binary frame", () => rawFrame(OPCODES.binary, bytes(200)), "kept"],
    ...["hello", "null", "{}", "[]", "[1,2]", "[[],[],[],[],[]]", "[null,null,null,null,null]", "1e999", HTML].map(
      (said) => [`the text ${said.slice(0, 30)}`, () => rawFrame(OPCODES.text, said), "kept"],
    ),
    ["JSON that is too deep", () => rawFrame(OPCODES.text, "[".repeat(100_000)), "kept"],
    ["a second answer to the join", (ref) => reply(ref, { status: "ok", response: {} }), "kept"],
    ["a second answer that refuses", (ref) => reply(ref, { status: "error", response: {} }), "kept"],
    ...[null, "", 1, [], {}, { status: "__proto__" }, { status: 1, response: null }].flatMap((payload) => [
      [`the answer ${JSON.stringify(payload)} to the join`, (ref: string) => reply(ref, payload), "kept"],
      [`the answer ${JSON.stringify(payload)} to nothing`, (ref: string) => reply(ref, payload, "999"), "kept"],
    ]),
    ["answers to other rooms", () => text(["1", "1", "room:2", "phx_reply", { status: "ok" }]), "kept"],
    ["the end of another join", () => text(["77", "77", "room:1", "phx_close", {}]), "kept"],
    ["events of Phoenix's own", (ref) => text([ref, null, "room:1", "phx_join", {}]), "kept"],
    ["a topic of another kind", () => text([null, null, 1, "phx_error", {}]), "kept"],
    [
      "a message in fragments with pings between",
      () => fragments(OPCODES.text, Buffer.from('[null,null,"room:1","shout",{"n":1}]'), 7, rawFrame(9, "p")),
      "kept",
    ],
  ] as [name: string, bytes: (joinRef: string) => Buffer | Buffer[], comes: Nonsense["comes"]][]
).map(([name, make, comes]) => ({
  name,
  answer: after((joinRef) => Buffer.concat([make(joinRef)].flat())),
  comes,
}))
