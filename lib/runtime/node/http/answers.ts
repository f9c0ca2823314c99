import { STATUS_CODES, type ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { CACHE_CONTROL, type HttpAnswer } from "../../../server/admission/rejection.js"

function headersOf({ headers, body = "" }: HttpAnswer): Record<string, string> {
  return { "cache-control": CACHE_CONTROL, ...headers, "content-length": String(Buffer.byteLength(body)) }
}

/** Answers a request. */
export function answer(response: ServerResponse, reply: HttpAnswer): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(reply.status, headersOf(reply))
  response.end(reply.body ?? "")
}

/** Answers a request to upgrade that is refused, and ends the connection. */
export function answerUpgrade(socket: Duplex, reply: HttpAnswer): void {
  if (socket.destroyed || !socket.writable) return
  const lines = [`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? "Error"}`]
  const headers = headersOf(reply)
  const connection = headers["connection"] === undefined ? "close" : `${headers["connection"]}, close`
  for (const [name, value] of Object.entries({ ...headers, connection })) lines.push(`${name}: ${value}`)
  socket.once("finish", () => socket.destroy())
  socket.end(`${lines.join("\r\n")}\r\n\r\n${reply.body ?? ""}`)
}
