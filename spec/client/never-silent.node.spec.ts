import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { Socket, type SocketOptions } from "rookery"
import { Endpoint } from "rookery/server"
import { freePort } from "../support/free-port.js"

const undo: (() => unknown)[] = []
const warned: string[] = []

beforeEach(() => {
  warned.length = 0
  vi.spyOn(console, "warn").mockImplementation((message: string) => void warned.push(message))
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const step of undo.splice(0)) await step()
})

async function listen(): Promise<string> {
  const server = createServer()
  const endpoint = new Endpoint({
    path: "/socket",
    origins: ["https://app.example"],
    logger: false,
    connect: ({ params }) => params["token"] === "good",
  })
  endpoint.channel("room:*", { join: () => ({}) })
  endpoint.attach(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  undo.push(
    () => endpoint.close(),
    () => server.close(),
  )
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The text on the console for a socket without listeners. */
async function readAtConsole(url: string, options: SocketOptions = {}): Promise<string> {
  const socket = new Socket(url, options)
  undo.push(() => socket.destroy())
  const failedTwice = new Promise<void>((resolve) => {
    socket.onStatus((_status, { tries }) => {
      if (tries === 2) resolve()
    })
  })
  socket.connect()
  socket.channel("room:1").join()
  // A second failure for the same reason adds nothing.
  await failedTwice
  expect(warned).toHaveLength(1)
  return warned.join()
}

describe("a mistake that nobody listens for is one warning:", () => {
  it("a port without a server", async () => {
    const read = await readAtConsole(`ws://127.0.0.1:${await freePort()}/socket`, { params: { token: "s3cr3t" } })
    expect(read).toMatch(/^no connection to ws:\/\/127\.0\.0\.1:\d+\/socket\/websocket: .*ECONNREFUSED/)
    expect(read).toContain("is the server running there?")
    expect(read).not.toContain("s3cr3t")
  })

  it("a host with several addresses and no server", async () => {
    expect(await readAtConsole("ws://localhost:1/socket")).toContain("ECONNREFUSED")
  })

  it("a forgotten /socket", async () => {
    const url = await listen()
    const read = await readAtConsole(url)
    expect(read).toContain("HTTP 404; no socket is mounted at this path, mostly it is /socket")
  })

  it("a /websocket that the client adds itself", async () => {
    const url = await listen()
    const read = await readAtConsole(`${url}/socket/websocket`)
    expect(read).toContain("HTTP 404; leave out /websocket, which the client adds")
  })

  it("a refused token", async () => {
    const url = await listen()
    const read = await readAtConsole(`${url}/socket`, { params: { token: "bad" } })
    expect(read).toContain(
      "HTTP 403; the server does not accept the params, the authToken, the origin or the version of the serializer",
    )
    expect(read).not.toContain("bad")
  })

  it("params that throw", async () => {
    const url = await listen()
    const params = (): object => {
      throw new Error("no token in the storage")
    }
    expect(await readAtConsole(`${url}/socket`, { params })).toBe("no connection: Error: no token in the storage")
  })

  it("a topic that the server does not have", async () => {
    const url = await listen()
    const socket = new Socket(`${url}/socket`, { params: { token: "good" } })
    undo.push(() => socket.destroy())
    socket.connect()
    socket.channel("unknown:1").join()
    await expect.poll(() => warned).toEqual(["join of unknown:1 was refused: unmatched topic"])
  })
})

describe("a socket whose errors are listened to", () => {
  it("warns of no failure, and hands over the error", async () => {
    const url = await listen()
    const socket = new Socket(`${url}/socket`, { params: { token: "bad" }, maxReconnectAttempts: 0 })
    undo.push(() => socket.destroy())
    const errors: unknown[] = []
    socket.onError((error) => errors.push(error))
    socket.connect()
    await expect(socket.opened()).rejects.toMatchObject({ code: "connect_refused", status: 403 })
    expect(errors).toMatchObject([{ code: "connect_refused", status: 403 }])
    expect(warned).toEqual([])
  })
})
