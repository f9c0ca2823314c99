import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { pathToFileURL } from "node:url"
import type { Endpoint } from "rookery/server"
import { makeReferenceEndpoint } from "./reference-endpoint.js"

/** The application of the recorded Phoenix server, behind a server of Node. */
export interface ReferenceApp {
  readonly port: number
  readonly endpoint: Endpoint
  close(): Promise<void>
}

const CACHE_CONTROL = "max-age=0, private, must-revalidate"

function answer(response: ServerResponse, status: number, body = ""): void {
  response.writeHead(status, { "cache-control": CACHE_CONTROL })
  response.end(body)
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString() || "{}")
}

async function serve(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname.split("/").map(decodeURIComponent)
  if (request.method === "GET" && path.join("/") === "/health") return answer(response, 200, "ok")
  if (request.method === "POST" && path.length === 4 && path[1] === "broadcast") {
    endpoint.broadcast(path[2] as string, path[3] as string, await readJson(request))
    return answer(response, 202)
  }
  answer(response, 404, "not found")
}

/** Starts the application; port 0 takes any free port. */
export async function startReferenceApp(port = 0, log = false): Promise<ReferenceApp> {
  const endpoint = makeReferenceEndpoint({ log })
  const server = createServer((request, response) => {
    serve(endpoint, request, response).catch(() => {
      response.setHeader("content-type", "application/json; charset=utf-8")
      answer(response, 400, '{"error":"Bad Request"}')
    })
  })
  endpoint.attach(server)
  await new Promise<void>((resolve) => server.listen(port, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    endpoint,
    async close() {
      server.close()
      await endpoint.close()
      server.closeAllConnections()
    },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const at = process.argv.indexOf("--port")
  const app = await startReferenceApp(at === -1 ? 4400 : Number(process.argv[at + 1]), true)
  console.log(`reference app listening on http://localhost:${app.port}`)
  const stopApp = (): void => void app.close().then(() => process.exit(0))
  process.once("SIGTERM", stopApp)
  process.once("SIGINT", stopApp)
}
