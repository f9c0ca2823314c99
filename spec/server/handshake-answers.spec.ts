import { describe, expect, it } from "vitest"
import { rawRequest, rawUpgrade } from "../support/raw-http.js"
import { stages } from "../support/stage.js"

const stage = stages()
const PATH = "/socket/websocket?vsn=2.0.0"
const UPGRADE = [
  ["connection", "Upgrade"],
  ["upgrade", "websocket"],
  ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
] as const

describe("a path that serves websockets", () => {
  it("answers a request without an upgrade with 426 and names the upgrade it takes", async () => {
    const { port } = await stage()
    const { status, headers } = await rawRequest(port, `GET ${PATH}`)
    expect(status).toBe(426)
    expect(headers).toMatchObject({ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13, 8" })
  })

  it.each([["99"], ["7"], ["13, 8"], [""]])(
    "answers version %j of WebSocket with 426 and names the versions it takes",
    async (version) => {
      const { port } = await stage()
      const { status, headers } = await rawRequest(port, `GET ${PATH}`, [
        ...UPGRADE,
        ["sec-websocket-version", version],
      ])
      expect(status).toBe(426)
      expect(headers).toMatchObject({ connection: "Upgrade, close", "sec-websocket-version": "13, 8" })
    },
  )

  it.each(["13", "8"])("upgrades version %s of WebSocket", async (version) => {
    const { port } = await stage()
    const answer = await rawRequest(port, `GET ${PATH}`, [...UPGRADE, ["sec-websocket-version", version]])
    expect(answer.status).toBe(101)
  })

  it.each(["POST", "HEAD", "PUT", "DELETE", "OPTIONS"])(
    "answers %s with 405 and says that it takes GET",
    async (method) => {
      const { port } = await stage()
      const plain = await rawRequest(port, `${method} ${PATH}`)
      const upgrading = await rawRequest(port, `${method} ${PATH}`, [...UPGRADE, ["sec-websocket-version", "13"]])
      for (const { status, headers, body } of [plain, upgrading]) {
        expect(status).toBe(405)
        expect(headers["allow"]).toBe("GET")
        expect(body).toBe("")
      }
    },
  )

  it("answers another upgrade than that to websocket with 426", async () => {
    const { port } = await stage()
    const { status } = await rawRequest(port, `GET ${PATH}`, [
      ["connection", "Upgrade, HTTP2-Settings"],
      ["upgrade", "h2c"],
    ])
    expect(status).toBe(426)
  })
})

describe("an absolute request target", () => {
  it.each(["http://127.0.0.1", "HTTP://other.example:8080", "ws://127.0.0.1"])(
    "an absolute request target of %s is served by its path, over websocket and long-poll",
    async (origin) => {
      const { port } = await stage({ connect: ({ params }) => params["name"] === "Ada" })
      const upgraded = await rawUpgrade(port, `${origin}${PATH}&name=Ada`)
      expect(upgraded.status).toBe(101)
      const polled = await rawRequest(port, `GET ${origin}/socket/longpoll?vsn=2.0.0&name=Ada`)
      expect(JSON.parse(polled.body)).toMatchObject({ status: 410, messages: [] })
    },
  )

  it("an absolute request target without a path is not served", async () => {
    const { port } = await stage()
    expect((await rawRequest(port, "GET http://127.0.0.1")).status).toBe(404)
  })
})
