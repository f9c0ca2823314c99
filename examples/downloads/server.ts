import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { Endpoint } from "rookery/server"
import { Download } from "./download.js"
import type { ClientMessage } from "./messages.js"

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "localhost" },
    port: { type: "string", default: "8080" },
    /** Milliseconds between two updates of the downloads. */
    tick: { type: "string", default: "250" },
    /** The factor by which the downloads are faster than the speed that they show. */
    speed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  console.log("Usage: npm run downloads:server -- [--host localhost] [--port 8080] [--tick 250] [--speed 1]")
  process.exit(0)
}
const tick = Number(values.tick)

const MB = 1_000_000
let started = 0
/** Starts the next download; every fifth fails. */
function begin(): Download {
  const n = ++started
  const id = String(n)
  const fate =
    n % 5 === 0
      ? ({ kind: "error", at: 60, error_message: "the other end hung up" } as const)
      : ({ kind: "complete", file_path: `/downloads/file-${n}.iso` } as const)
  return new Download(id, (20 + 15 * (n % 4)) * MB, (3 + (n % 3)) * MB, fate)
}
const downloads = new Map<string, Download>()
for (const download of [begin(), begin(), begin()]) downloads.set(download.id, download)

const readMessage = (data: unknown): ClientMessage | undefined => {
  const { action, download_id } = (data ?? {}) as Partial<ClientMessage>
  const known = action === "pause_download" || action === "resume_download"
  return known && typeof download_id === "string" ? { action, download_id } : undefined
}

const endpoint = new Endpoint()
const gateway = endpoint.gateway("/ws", {
  json: true,
  onOpen(client) {
    for (const download of downloads.values()) client.send(download.message())
  },
  onMessage(data, client) {
    const message = readMessage(data)
    const download = message && downloads.get(message.download_id)
    if (message === undefined || download === undefined) {
      const error_message = message ? "there is no such download" : 'send {"action":"pause_download","download_id":"1"}'
      return client.send({ type: "error", error_message })
    }
    download.paused = message.action === "pause_download"
    gateway.broadcast(download.message())
  },
  onError: (_error, client) => client.send({ type: "error", error_message: "that is not JSON" }),
})

setInterval(() => {
  for (const download of [...downloads.values()]) {
    const news = download.advance(tick * Number(values.speed))
    if (news !== undefined) gateway.broadcast(news)
    if (!download.over) continue
    downloads.delete(download.id)
    const next = begin()
    downloads.set(next.id, next)
  }
}, tick)

/** The files of the page. It imports the client from the built library. */
const FILES: Record<string, [type: string, file: string]> = {
  "/": ["text/html", "page.html"],
  "/page.js": ["text/javascript", "page.js"],
  "/page.css": ["text/css", "page.css"],
}
const DIST = pathToFileURL(
  createRequire(import.meta.url)
    .resolve("rookery/package.json")
    .replace(/package\.json$/, "dist/"),
)
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'"

function answer(response: ServerResponse, type: string, file: URL): void {
  const headers = { "content-type": `${type}; charset=utf-8`, "content-security-policy": POLICY }
  response.writeHead(200, headers).end(readFileSync(file))
}

const http = createServer((request, response) => {
  const [path = "/"] = (request.url ?? "/").split("?")
  const known = Object.hasOwn(FILES, path) ? FILES[path] : undefined
  if (known) return answer(response, known[0], new URL(known[1], import.meta.url))
  // A file of the library, under the name by which the other files import it.
  const library = /^\/rookery\/([a-zA-Z0-9-]+\.js)$/.exec(path)?.[1]
  try {
    if (library) return answer(response, "text/javascript", new URL(library, DIST))
  } catch {
    // The library has no such file: answered with 404 below.
  }
  response.writeHead(404).end("not found")
})
endpoint.attach(http)
http.on("error", (error: NodeJS.ErrnoException) => {
  console.error(error.code === "EADDRINUSE" ? `port ${values.port} is taken; give another: --port 8081` : error.message)
  process.exit(1)
})
http.listen(Number(values.port), values.host, () => {
  const { port } = http.address() as AddressInfo
  console.log(`Downloads at ws://${values.host}:${port}/ws, and a page at http://${values.host}:${port}/`)
})
process.once("SIGINT", () => {
  void endpoint.close({ deadlineMs: 500 }).then(() => process.exit(0))
})
