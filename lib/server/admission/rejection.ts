/** An answer to an HTTP request. */
export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Why a client was refused, and the answer that a transport over HTTP gives. */
export class Rejection {
  constructor(
    readonly reason: string,
    readonly answer: HttpAnswer,
  ) {}
}

/** The media type of JSON as Phoenix sends it. */
export const JSON_TYPE = "application/json; charset=utf-8"

/** The `Cache-Control` that Phoenix sends by default. */
export const CACHE_CONTROL = "max-age=0, private, must-revalidate"

/** The answer for a path that the endpoint does not serve. */
export const NOT_FOUND: HttpAnswer = { status: 404, headers: { "content-type": "text/plain" }, body: "not found" }

/** The answer to a request for a websocket by another method than `GET`. */
export const METHOD_NOT_ALLOWED: HttpAnswer = { status: 405, headers: { allow: "GET" } }

/** The HTTP reason phrases that an endpoint uses. */
const REASONS = {
  400: "Bad Request",
  408: "Request Timeout",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const

/** The answer for an error of the request or of the server, in Phoenix's form. */
export function faultAnswer(status: keyof typeof REASONS): HttpAnswer {
  return { status, headers: { "content-type": JSON_TYPE }, body: JSON.stringify({ error: REASONS[status] }) }
}

/** The answer that names the upgrade which the path supports. */
export function upgradeRequired(versions: readonly string[]): HttpAnswer {
  const { headers, ...answer } = faultAnswer(426)
  const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": versions.join(", ") }
  return { ...answer, headers: { ...headers, ...upgrade } }
}
