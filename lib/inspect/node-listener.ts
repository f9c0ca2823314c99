/** The parts of Node's `IncomingMessage` that are used. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  /** Whether the whole request came. */
  readonly complete: boolean
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** The whole path where Express cuts the one that a router is mounted at. */
  readonly originalUrl?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The parts of Node's `ServerResponse` that are used. */
export interface NodeResponse {
  readonly destroyed: boolean
  writeHead(status: number, headers: Record<string, string>): unknown
  write(chunk: Uint8Array): boolean
  end(): unknown
  destroy(error?: Error): unknown
  once(event: "close" | "drain", listener: () => void): unknown
  off(event: "close" | "drain", listener: () => void): unknown
}

/** A request of Node as the web has it. */
function requestOf(from: NodeRequest): Request {
  const { method = "GET", url = "/", originalUrl = url } = from
  const headers = new Headers()
  for (const [name, value] of Object.entries(from.headers)) {
    if (value !== undefined && !name.startsWith(":")) headers.set(name, Array.isArray(value) ? value.join(", ") : value)
  }
  const host = headers.get("host") ?? ""
  const base = URL.canParse(`http://${host}`) && host !== "" ? `http://${host}` : "http://localhost"
  // A path may begin with two slashes, which would make its first part a host.
  const { href } = new URL(`${base}${originalUrl.startsWith("/") ? originalUrl : "/"}`)
  if (method === "GET" || method === "HEAD") return new Request(href, { method, headers })
  const chunks = from[Symbol.asyncIterator]()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done === true) controller.close()
      else controller.enqueue(new Uint8Array(value))
    },
  })
  const init: RequestInit & { duplex: "half" } = { method, headers, body, duplex: "half" }
  return new Request(href, init)
}

/** Waits until there is room for more, or the client is gone. */
const drained = (response: NodeResponse): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      response.off("drain", go)
      response.off("close", go)
      resolve()
    }
    response.once("drain", go)
    response.once("close", go)
  })

async function send(answer: Response, { complete }: NodeRequest, to: NodeResponse): Promise<void> {
  // The rest of a body that is not read would be taken for the next request.
  to.writeHead(answer.status, { ...Object.fromEntries(answer.headers), ...(!complete && { connection: "close" }) })
  const reader = answer.body?.getReader()
  if (reader === undefined) return void to.end()
  const gone = (): void => void reader.cancel().catch(() => {})
  to.once("close", gone)
  if (to.destroyed) gone()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (!to.write(value) && !to.destroyed) await drained(to)
  }
  to.off("close", gone)
  to.end()
}

/** A listener of Node's HTTP server for what answers requests of the web. */
export function nodeListener(
  fetch: (request: Request) => Promise<Response>,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => {
    try {
      await send(await fetch(requestOf(request)), request, response)
    } catch {
      // The request cannot be read, or the client is gone.
      response.destroy()
    }
  }
}
