import { createHash } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
const KEY = /^[+/0-9A-Za-z]{22}==$/

/** The supported versions of the protocol. Version 8 has the same frames as 13. */
export const VERSIONS: readonly string[] = ["13", "8"]

/** Why a request is no valid handshake. */
export type HandshakeFault = "no websocket" | "bad key" | "other version"

/** Checks the headers of a handshake (RFC 6455, 4.2.1); `undefined` if they are valid. */
export function handshakeFault(headers: IncomingHttpHeaders): HandshakeFault | undefined {
  if (headers.upgrade?.toLowerCase() !== "websocket") return "no websocket"
  if (!KEY.test(headers["sec-websocket-key"] ?? "")) return "bad key"
  return VERSIONS.includes(headers["sec-websocket-version"] ?? "") ? undefined : "other version"
}

/** The response that turns the connection into a websocket. */
export function handshakeAnswer(
  requested: IncomingHttpHeaders,
  {
    subprotocol,
    extensions,
    headers,
  }: {
    readonly subprotocol: string | undefined
    readonly extensions: string | undefined
    readonly headers: Readonly<Record<string, string>>
  },
): string {
  const digest = createHash("sha1")
    .update(requested["sec-websocket-key"] + GUID)
    .digest("base64")
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "upgrade: websocket",
    "connection: Upgrade",
    `sec-websocket-accept: ${digest}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  if (subprotocol !== undefined) lines.push(`sec-websocket-protocol: ${subprotocol}`)
  if (extensions !== undefined) lines.push(`sec-websocket-extensions: ${extensions}`)
  return `${lines.join("\r\n")}\r\n\r\n`
}
