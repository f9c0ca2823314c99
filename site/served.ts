import { readFile } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join } from "node:path"
import { ROOT } from "./documents.js"

const BASE = process.env["SITE_BASE"] ?? "/"
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" }

/** Serves the output of `npm run site`, as a host would. Returns the server, and the URL of the home page. */
export async function serveSite(): Promise<{ server: Server; home: string }> {
  const nowhere = await readFile(join(ROOT, "site/dist/404.html"))
  const server = createServer(async ({ url = "/" }, response) => {
    const path = new URL(url, "http://localhost").pathname.slice(BASE.length)
    const file = join(ROOT, "site/dist", path === "" || path.endsWith("/") ? `${path}index.html` : path)
    try {
      const body = await readFile(file)
      response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream").end(body)
    } catch {
      response.writeHead(404, { "content-type": "text/html" }).end(nowhere)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { server, home: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}` }
}
