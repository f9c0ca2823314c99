import type { IncomingMessage, ServerResponse } from "node:http"
import type { ChatError } from "../topics.js"

/** The headers of every answer: browsers guess no types, frame nothing, and tell other sites nothing. */
const SAFE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
}

/** Far more than an address or a token needs. */
const MAX_BODY = 4096

/** A fault of a request, which is answered with its code. */
export class HttpError extends Error {
  readonly answer: ChatError
  readonly headers: Record<string, string>

  constructor(code: number, error: string, headers: Record<string, string> = {}) {
    super(error)
    this.answer = { error, code }
    this.headers = headers
  }
}

/** Answers with bytes or text. */
export function sendBody(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): void {
  const length = String(Buffer.byteLength(body))
  response.writeHead(status, { ...SAFE_HEADERS, "content-type": type, "content-length": length, ...headers })
  response.end(response.req.method === "HEAD" ? undefined : body)
}

/** Answers with JSON, which nobody keeps. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const type = "application/json; charset=utf-8"
  sendBody(response, status, type, JSON.stringify(body), { "cache-control": "no-store", ...headers })
}

/** Answers without a body. */
export function sendEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...SAFE_HEADERS, "cache-control": "no-store", ...headers }).end()
}

/** Answers what went wrong. */
export function sendError(response: ServerResponse, error: HttpError): void {
  const { answer, headers } = error
  sendJson(response, answer.code, answer, { connection: "close", ...headers })
}

function readBody(request: IncomingMessage, type: string): Promise<string> {
  const said = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase()
  if (said !== type) throw new HttpError(415, `send ${type}`)
  return new Promise((resolve, reject) => {
    // One buffer, because a body may come in chunks of one byte, each of which would be a buffer of its own.
    const body = Buffer.alloc(MAX_BODY)
    let length = 0
    request.on("data", (chunk: Buffer) => {
      chunk.copy(body, Math.min(length, MAX_BODY))
      length += chunk.length
      // A body that is a bit too long gets an answer; for one that is far too long the connection ends.
      if (length > 16 * MAX_BODY) request.destroy()
    })
    request.on("end", () => {
      if (length > MAX_BODY) reject(new HttpError(413, "that is too long"))
      else resolve(body.toString("utf8", 0, length))
    })
    request.on("error", () => {})
    request.on("close", () => reject(new HttpError(400, "the request was incomplete")))
  })
}

/** A body of JSON, which has to be an object. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = await readBody(request, "application/json")
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new HttpError(400, "that is not JSON")
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new HttpError(400, "send an object")
  return value as Record<string, unknown>
}

/** The fields of a form. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams(await readBody(request, "application/x-www-form-urlencoded"))
}
