import { request } from "node:http"
import { expect, it } from "vitest"
import type { LimitName } from "rookery/server"
import { stages } from "../support/stage.js"

const stage = stages()

const KEY = { "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" }

/** Asks for an upgrade; resolves with the status of the answer. */
function ask(port: number, query: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({
      port,
      host: "127.0.0.1",
      path: `/socket/websocket?${query}`,
      headers: { connection: "Upgrade", upgrade: "websocket", ...headers },
      agent: false,
    })
    asked.on("response", (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on("upgrade", (_response, socket) => {
      socket.destroy()
      resolve(101)
    })
    asked.on("error", reject)
    asked.end()
  })
}

it.each([
  ["a query that cannot be decoded", "vsn=2.0.0&a=%", KEY, 400],
  ["the page of another origin", "vsn=2.0.0", { ...KEY, origin: "https://evil.example" }, 403],
  ["a subprotocol that is not Phoenix's", "vsn=2.0.0", { ...KEY, "sec-websocket-protocol": "other" }, 403],
  ["a version that is not served", "vsn=9.0.0", KEY, 403],
  ["a handshake without a key", "vsn=2.0.0", { "sec-websocket-version": "13" }, 400],
  ["a handshake of another version", "vsn=2.0.0", { ...KEY, "sec-websocket-version": "7" }, 426],
])("counts %s as an attempt to connect", async (_what, query, headers, status) => {
  const hits: LimitName[] = []
  const limits = { connectBurst: 2, connectsPerSecond: 0.001 }
  const { endpoint, port } = await stage({ limits, origins: ["https://a.example"] }, (endpoint) => {
    endpoint.on("limitHit", ({ limit }) => hits.push(limit))
  })
  const statuses: number[] = []
  for (let attempt = 0; attempt < 3; attempt++) statuses.push(await ask(port, query, headers))
  expect(statuses).toEqual([status, status, 429])
  expect(hits).toEqual(["connectsPerSecond"])
  expect(endpoint.counters().rookery_connects_refused_total).toBe(3)
})
