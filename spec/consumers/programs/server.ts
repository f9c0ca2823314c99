import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join, normalize } from "node:path"
import { Endpoint, Refused } from "rookery/server"

/** The endpoint of all projects, in a separate project; it serves their pages too. */
const [folder = "."] = process.argv.slice(2)
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" }

const endpoint = new Endpoint()
endpoint.channel("room:*", {
  receive: {
    new_msg({ text }, room) {
      if (typeof text !== "string" || text === "") throw new Refused({ reason: "empty" })
      room.broadcast("new_msg", { text })
      return { length: text.length }
    },
  },
})

const server = createServer((request, response) => {
  const path = join(folder, normalize(new URL(request.url ?? "/", "http://localhost").pathname))
  readFile(path).then(
    (body) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(body),
    () => response.writeHead(404).end("not found"),
  )
})
endpoint.attach(server)
server.listen(0, "127.0.0.1", () => console.log(`port ${(server.address() as AddressInfo).port}`))
