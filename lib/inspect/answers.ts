/** The headers of every answer: the page runs its own script alone, is in no frame, and nothing is kept. */
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
}

/** A fault of a request, which is answered with its status. */
export class Fault extends Error {
  readonly status: number
  readonly headers: Record<string, string>

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

export function answer(
  body: string | ReadableStream<Uint8Array> | null,
  type: string | undefined,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, { status, headers: { ...SAFE_HEADERS, ...(type && { "content-type": type }), ...headers } })
}

export const answerJson = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  answer(JSON.stringify(body), "application/json; charset=utf-8", status, headers)

/** An answer of the user's check, with the headers that every answer has. */
export function guarded(response: Response): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(SAFE_HEADERS)) if (!headers.has(name)) headers.set(name, value)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}
