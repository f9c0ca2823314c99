import { once } from "node:events"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { WebSocketServer } from "ws"
import { ConnectError } from "../../lib/protocol/errors.js"
import type { CloseInfo, LinkOptions } from "../../lib/transport/transport.js"
import { webSocket, type WebSocketOptions } from "../../lib/transport/websocket.js"

let http: Server
let server: WebSocketServer
let url: string
let accepts = true

beforeEach(async () => {
  http = createServer()
  server = new WebSocketServer({ server: http, verifyClient: () => accepts })
  http.listen(0, "127.0.0.1")
  await once(http, "listening")
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/socket/websocket`
  accepts = true
})

afterEach(async () => {
  for (const client of server.clients) client.terminate()
  server.close()
  http.close()
  await once(http, "close")
})

const OPTIONS: LinkOptions = { textUrl: "", binaryType: "arraybuffer", timeout: 1000 }

/** Opens a link, closes it as soon as it is open, and tells what happened. */
function openAndClose(options?: WebSocketOptions): Promise<{ errors: unknown[]; info: CloseInfo }> {
  return new Promise((resolve) => {
    const errors: unknown[] = []
    const link = webSocket(options).open(url, OPTIONS, {
      open: () => link.close(1000, "seen enough"),
      frame: () => {},
      error: (error) => errors.push(error),
      close: ({ code, reason, wasClean }) => resolve({ errors, info: { code, reason, wasClean } }),
    })
  })
}

describe("webSocket() in Node", () => {
  it("needs nothing but a URL", async () => {
    const { errors, info } = await openAndClose()
    expect(errors).toEqual([])
    expect(info).toEqual({ code: 1000, reason: "seen enough", wasClean: true })
  })

  it("sends the headers that it is given", async () => {
    const connected = once(server, "connection") as Promise<[unknown, IncomingMessage]>
    await openAndClose({ headers: { "x-room": "lobby" } })
    const [, request] = await connected
    expect(request.headers["x-room"]).toBe("lobby")
  })

  it("tells the HTTP status of a refusal", async () => {
    accepts = false
    const { errors, info } = await openAndClose()
    expect(errors[0]).toBeInstanceOf(ConnectError)
    expect(errors[0]).toMatchObject({ code: "connect_refused", status: 401 })
    expect(info).toMatchObject({ code: 1006, wasClean: false })
  })
})
