import { CROOKED } from "../attack/crooked-requests.js"
import { clientFrame, UPGRADE } from "../attack/intruder.js"
import type { Chance } from "../random.js"

/** One step of a client on its connection. */
export type Step =
  | { readonly does: "write"; readonly bytes: Buffer }
  /** Lets the server run. */
  | { readonly does: "yield" }
  /** Waits a moment for bytes of the server. */
  | { readonly does: "read" }
  /** Stops reading. */
  | { readonly does: "pause" }
  /** Ends the client's half of the connection. */
  | { readonly does: "end" }
  | { readonly does: "reset" }
  /** Waits until the server has ended the connection. */
  | { readonly does: "wait" }

const CRLF = "\r\n"
const METHODS = [
  "GET",
  "GET",
  "GET",
  "POST",
  "POST",
  "HEAD",
  "OPTIONS",
  "PUT",
  "DELETE",
  "CONNECT",
  "TRACE",
  "M-SEARCH",
  "GETS",
]
const PATHS = [
  "/socket/longpoll?vsn=2.0.0",
  "/socket/websocket?vsn=2.0.0",
  "/socket/websocket",
  "/socket/longpoll?vsn=2.0.0&token=%ff",
  "/nowhere",
  "/page",
  "/slow",
  "/never",
  "/large",
  "/echo",
  "/api/login",
  "/api/session",
  "/login?token=x",
  "http://other.example/socket/websocket?vsn=2.0.0",
  "http://other.example",
  "other.example:443",
  "*",
  "/%",
  "//",
  "/socket/websocket?vsn=2.0.0#x",
]
/** The ways in which `connect` answers. */
const CONNECTS = ["", "&how=never", "&how=late", "&how=throws", "&how=no"]
const CONNECTIONS = ["keep-alive", "close", "upgrade", "upgrade, close", "keep-alive, Upgrade", "te", ""]
const EXPECTS = ["100-continue", "100-Continue", "nonsense", ""]
const UPGRADES = ["websocket", "WebSocket", "h2c", "websocket, h2c", "TLS/1.0", ""]
const VERSIONS = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.1x"]
const LENGTHS = ["0", "1", "4", "1000", "4096", "70000", "-1", "1e3", "99999999999999999999", "4, 4", "x", ""]

const pathOf = (chance: Chance, tokens: readonly string[]): string => {
  if (tokens.length > 0 && chance.happens(0.25)) return `/socket/longpoll?vsn=2.0.0&token=${chance.of(tokens)}`
  const path = chance.of(PATHS)
  return path.includes("vsn=2.0.0") && !path.includes("#") ? path + chance.of(CONNECTS) : path
}

function headersOf(chance: Chance): string[] {
  const headers = chance.happens(0.95) ? ["host: 127.0.0.1"] : []
  if (chance.happens(0.2)) headers.push(`connection: ${chance.of(CONNECTIONS)}`)
  if (chance.happens(0.05)) headers.push(`upgrade: ${chance.of(UPGRADES)}`)
  if (chance.happens(0.1)) headers.push(`origin: ${chance.of(["null", "http://127.0.0.1", "x", "http://[::1"])}`)
  if (chance.happens(0.05)) headers.push(`x-forwarded-for: ${chance.of(["::1", "1.2.3.4:5", "x", ",,", "[::1]:2"])}`)
  if (chance.happens(0.1)) headers.push("content-type: application/json")
  if (chance.happens(0.02)) headers.push(`x-many: ${"x".repeat(chance.below(20_000))}`)
  return headers
}

const text = (line: string, headers: readonly string[], body = ""): string => [line, ...headers, "", body].join(CRLF)

const request = (chance: Chance, tokens: readonly string[]): string =>
  text(`${chance.of(METHODS)} ${pathOf(chance, tokens)} ${chance.of(VERSIONS)}`, headersOf(chance))

function chunked(chance: Chance): string {
  const chunks = chance.some(4, () => {
    const data = "x".repeat(1 + chance.below(40))
    const length = chance.happens(0.9)
      ? data.length.toString(16)
      : chance.of(["g", "-1", "0x5", "fffffffffffffffff", ""])
    return `${length}${chance.happens(0.1) ? ";a=b" : ""}${CRLF}${data}${CRLF}`
  })
  const end = chance.of([`0${CRLF}${CRLF}`, `0${CRLF}x-trailer: 1${CRLF}${CRLF}`, `0${CRLF}`, ""])
  return chunks.join("") + end
}

/** A request with a body that may be too short, too long or missing. */
function withBody(chance: Chance, tokens: readonly string[], more: readonly string[] = []): string {
  const line = `${chance.of(["POST", "POST", "PUT", "GET"])} ${pathOf(chance, tokens)} HTTP/1.1`
  const headers = [...headersOf(chance), ...more]
  if (chance.happens(0.4)) return text(line, [...headers, "transfer-encoding: chunked"], chunked(chance))
  const length = chance.of(LENGTHS)
  const body = chance.of(["", "{}", "xxxx", '["1","1","phoenix","heartbeat",{}]', "x".repeat(chance.below(5000))])
  return text(line, [...headers, `content-length: ${chance.happens(0.5) ? body.length : length}`], body)
}

/** A handshake of a websocket, sometimes with faults. */
function handshake(chance: Chance, tokens: readonly string[]): string {
  const headers = chance.happens(0.7)
    ? [...UPGRADE]
    : ["connection: upgrade", `upgrade: ${chance.of(UPGRADES)}`, "sec-websocket-version: 13"]
  if (chance.happens(0.1)) headers.push(`content-length: ${chance.of(LENGTHS)}`)
  if (chance.happens(0.1))
    headers.push(`sec-websocket-protocol: ${chance.of(["phoenix", "x", ",", "phoenix, base64url.bearer.phx.%"])}`)
  const path = chance.happens(0.5) ? `/socket/websocket?vsn=2.0.0${chance.of(CONNECTS)}` : pathOf(chance, tokens)
  return text(`${chance.happens(0.9) ? "GET" : chance.of(METHODS)} ${path} HTTP/1.1`, ["host: x", ...headers])
}

const noise = (chance: Chance): Buffer => Buffer.from(chance.some(200, () => chance.below(256)))

const frames = (chance: Chance): Buffer =>
  Buffer.concat(
    chance.some(5, () =>
      chance.happens(0.2)
        ? noise(chance)
        : clientFrame(
            chance.below(16),
            chance.of(["", "x", '["1","1","room:1","phx_join",{}]', "x".repeat(chance.below(300)), "\u0003\u00e8bye"]),
            { fin: chance.happens(0.9) },
          ),
    ),
  )

/** Bytes with some of them changed, doubled or left out. */
function damaged(chance: Chance, bytes: Buffer): Buffer {
  let all = bytes
  for (let i = chance.below(4); i >= 0 && all.length > 0; i--) {
    const at = chance.below(all.length)
    const how = chance.below(3)
    if (how === 0) {
      all = Buffer.from(all)
      all[at] = chance.below(256)
    } else if (how === 1) all = Buffer.concat([all.subarray(0, at), all.subarray(at + 1 + chance.below(9))])
    else all = Buffer.concat([all.subarray(0, at), all.subarray(Math.max(0, at - chance.below(40)))])
  }
  return all
}

type Make = (chance: Chance, tokens: readonly string[]) => (string | Buffer)[]

/** Every kind of generated bytes, by name. */
export const KINDS: Readonly<Record<string, Make>> = {
  "requests in a row": (chance, tokens) => [request(chance, tokens), ...chance.some(6, () => request(chance, tokens))],
  "upgrades behind requests": (chance, tokens) => [
    ...chance.some(3, () => request(chance, tokens)),
    ...(chance.happens(0.3) ? [withBody(chance, tokens)] : []),
    handshake(chance, tokens),
    ...chance.some(2, () => (chance.happens(0.5) ? frames(chance) : request(chance, tokens))),
  ],
  bodies: (chance, tokens) => [
    ...chance.some(1, () => request(chance, tokens)),
    withBody(chance, tokens),
    ...chance.some(2, () => withBody(chance, tokens)),
  ],
  expectations: (chance, tokens) => [
    ...chance.some(1, () => request(chance, tokens)),
    withBody(chance, tokens, [`expect: ${chance.of(EXPECTS)}`]),
    ...chance.some(1, () => handshake(chance, tokens)),
  ],
  "crooked requests": (chance, tokens) => [
    ...chance.some(1, () => request(chance, tokens)),
    chance.of(CROOKED).bytes,
    ...chance.some(1, () => handshake(chance, tokens)),
  ],
  frames: (chance) => [
    text("GET /socket/websocket?vsn=2.0.0 HTTP/1.1", ["host: x", ...UPGRADE]),
    frames(chance),
    frames(chance),
  ],
  "damaged requests": (chance, tokens) => [
    damaged(
      chance,
      Buffer.from(chance.of([request, withBody, handshake])(chance, tokens) + handshake(chance, tokens), "latin1"),
    ),
  ],
  noise: (chance) => [
    chance.happens(0.3) ? Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]) : noise(chance),
    noise(chance),
  ],
}

/** The steps of one client: bytes of a kind, cut anywhere, and an end of any kind. */
export function sequence(chance: Chance, kind: string, tokens: readonly string[]): Step[] {
  const make = KINDS[kind] as Make
  const parts = make(chance, tokens).map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part))
  const all = Buffer.concat(parts)
  const steps: Step[] = chance.happens(0.05) ? [{ does: "pause" }] : []
  const at = chance.below(all.length + 1)
  const pieces = chance.of([parts, parts, [all], [all.subarray(0, at), all.subarray(at)]])
  for (const bytes of pieces) {
    steps.push({ does: "write", bytes })
    const does = chance.of(["yield", "read", "read", undefined] as const)
    if (does !== undefined) steps.push({ does })
    if (chance.happens(0.02)) steps.push({ does: "pause" })
  }
  if (chance.happens(0.2)) steps.push({ does: "end" })
  steps.push({ does: chance.happens(0.01) ? "wait" : chance.happens(0.5) ? "read" : "yield" }, { does: "reset" })
  return steps
}
