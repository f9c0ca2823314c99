import { describe, expect, it } from "vitest"
import { authTokenSubprotocols } from "../../lib/protocol/auth-token.js"
import type { Frame } from "../../lib/protocol/frame.js"
import { LongPoll } from "../../lib/transport/longpoll-class.js"
import type { Link, LinkEvents, LinkOptions, Transport } from "../../lib/transport/transport.js"
import { webSocketClass } from "../../lib/transport/websocket-class.js"

const URL_OF_SOCKET = "ws://host/socket/websocket"

class FakeTransport implements Transport {
  readonly name = "fake"
  readonly opened: [url: string, options: LinkOptions][] = []
  readonly sent: Frame[] = []
  readonly closes: unknown[][] = []
  throws: Error | undefined
  events: LinkEvents | undefined

  open(url: string, options: LinkOptions, events: LinkEvents): Link {
    if (this.throws) throw this.throws
    this.opened.push([url, options])
    this.events = events
    return {
      send: (frame) => void this.sent.push(frame),
      close: (...args) => void this.closes.push(args),
      bufferedAmount: 5,
    }
  }
}

/** A socket of the class, its reported events, and the transport beneath. */
function make(protocols?: string | string[]) {
  const transport = new FakeTransport()
  const socket = new (webSocketClass(transport))(URL_OF_SOCKET, protocols) as WebSocket & {
    timeout: number
    skipHeartbeat: boolean
  }
  const told: unknown[][] = []
  socket.onopen = () => told.push(["open"])
  socket.onmessage = ({ data }) => told.push(["message", data])
  socket.onerror = (error) => told.push(["error", error])
  socket.onclose = ({ code, reason, wasClean }) => told.push(["close", code, reason, wasClean])
  return { transport, socket, told }
}

const settled = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve))

describe("a class made of a transport", () => {
  it("knows its transport", () => {
    const transport = new FakeTransport()
    expect(webSocketClass(transport).transport).toBe(transport)
  })

  it("has the name of its transport, also in a bundle, which leaves no names of classes", () => {
    expect(webSocketClass(new FakeTransport()).name).toBe("fake")
    expect(LongPoll.name).toBe("LongPoll")
  })

  it("connects after its caller had time to set it up", async () => {
    const { transport, socket } = make()
    expect(socket.readyState).toBe(0)
    expect(socket.bufferedAmount).toBe(0)
    socket.timeout = 70
    expect(transport.opened).toEqual([])
    await settled()
    expect(transport.opened).toEqual([
      [
        URL_OF_SOCKET,
        {
          textUrl: URL_OF_SOCKET,
          authToken: undefined,
          binaryType: "arraybuffer",
          timeout: 70,
          neverPings: true,
        },
      ],
    ])
  })

  it("goes through the states of a WebSocket", async () => {
    const { transport, socket, told } = make()
    await settled()
    transport.events?.open({ skipHeartbeat: true })
    expect([socket.readyState, socket.skipHeartbeat, socket.bufferedAmount]).toEqual([1, true, 5])
    transport.events?.frame("a")
    transport.events?.error("e")
    socket.close(4000, "bye")
    expect([socket.readyState, transport.closes]).toEqual([2, [[4000, "bye"]]])
    socket.close()
    expect(transport.closes).toHaveLength(1)
    transport.events?.close({ code: 4000, reason: "bye", wasClean: true })
    expect(socket.readyState).toBe(3)
    expect(told).toEqual([["open"], ["message", "a"], ["error", "e"], ["close", 4000, "bye", true]])
    socket.close()
    expect(transport.closes).toHaveLength(1)
  })

  it("sends text as it is, and every kind of bytes as bytes", async () => {
    const { transport, socket } = make()
    await settled()
    transport.events?.open()
    const buffer = Uint8Array.of(0, 1, 2, 3).buffer
    socket.send("a")
    socket.send(buffer)
    socket.send(new DataView(buffer, 1, 2))
    expect(transport.sent).toEqual(["a", Uint8Array.of(0, 1, 2, 3), Uint8Array.of(1, 2)])
  })

  it("closed before it connects, never does", async () => {
    const { transport, socket, told } = make()
    socket.close()
    expect(socket.readyState).toBe(3)
    await settled()
    expect(transport.opened).toEqual([])
    expect(told).toEqual([["close", 1005, "", true]])
  })

  it("closed while it connects, does not open any more", async () => {
    const { transport, socket, told } = make()
    await settled()
    socket.close(1000)
    transport.events?.open()
    expect(socket.readyState).toBe(2)
    transport.events?.close({ code: 1006, reason: "", wasClean: false })
    expect(told).toEqual([["close", 1006, "", false]])
  })

  it("reports a transport that cannot connect, as a WebSocket would", async () => {
    const { transport, socket, told } = make()
    transport.throws = new Error("no such host")
    await settled()
    expect(told).toEqual([
      ["error", transport.throws],
      ["close", 1006, "", false],
    ])
    expect(socket.readyState).toBe(3)
  })

  it.each([
    ["plain", "secret-token"],
    ["beyond Latin-1", "ключ☃"],
    ["with a slash in its base64", "???"],
  ])("reads the auth token out of its subprotocols: %s", async (_, token) => {
    const { transport } = make(authTokenSubprotocols(token))
    await settled()
    expect(transport.opened[0]?.[1].authToken).toBe(token)
  })

  it("reads the token of phoenix.js, which writes a character a byte", async () => {
    const { transport } = make(["phoenix", `base64url.bearer.phx.${btoa("clé").replace(/=/g, "")}`])
    await settled()
    expect(transport.opened[0]?.[1].authToken).toBe("clé")
  })

  it("finds no token in other subprotocols, and reports one that is not base64", async () => {
    const other = make("phoenix")
    await settled()
    expect(other.transport.opened[0]?.[1].authToken).toBeUndefined()
    const bad = make(["phoenix", "base64url.bearer.phx.?"])
    await settled()
    expect(bad.told.map(([what]) => what)).toEqual(["error", "close"])
  })
})
