import { afterEach, describe, expect, it, vi } from "vitest"
import type { Link, LinkOptions } from "../../lib/transport/transport.js"
import type { WebSocketLike } from "../../lib/transport/websocket-like.js"
import { webSocket, type WebSocketOptions } from "../../lib/transport/websocket.js"
import { LinkLog, linkOptions } from "../support/link-log.js"

const URL_OF_SOCKET = "ws://host/socket/websocket"

/** A class in the shape of WebSocket, as a page may pass one. */
class GivenSocket implements WebSocketLike {
  static readonly made: GivenSocket[] = []
  binaryType = "blob"
  timeout = 0
  readyState = 0
  skipHeartbeat = true
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  readonly given: unknown[]
  readonly closes: unknown[][] = []

  constructor(...given: unknown[]) {
    this.given = given
    GivenSocket.made.push(this)
  }
  send(): void {}
  close(...args: unknown[]): void {
    this.closes.push(args)
  }
}

describe("webSocket, with a class of one's own", () => {
  const open = (
    options?: Omit<WebSocketOptions, "WebSocket">,
    overrides?: Partial<LinkOptions>,
  ): { log: LinkLog; link: Link; socket: GivenSocket } => {
    const log = new LinkLog()
    const transport = webSocket({ ...options, WebSocket: GivenSocket as never })
    const link = transport.open(URL_OF_SOCKET, linkOptions(URL_OF_SOCKET, overrides), log)
    return { log, link, socket: GivenSocket.made.at(-1) as GivenSocket }
  }

  it("gives it what phoenix.js gives: the URL, the subprotocols, the binary type and the time limit", () => {
    const { socket } = open({}, { timeout: 7 })
    expect(socket.given).toEqual([URL_OF_SOCKET, undefined, undefined])
    expect(socket).toMatchObject({ binaryType: "arraybuffer", timeout: 7 })
    expect(open({}, { authToken: "a" }).socket.given[1]).toEqual(["phoenix", "base64url.bearer.phx.YQ"])
  })

  it("gives it headers and the rest as a third argument, because it is said to take them", () => {
    expect(open({ headers: { a: "1" } }).socket.given).toEqual([
      "ws://host/socket/websocket",
      undefined,
      expect.objectContaining({ headers: { a: "1" } }),
    ])
  })

  it("tells that it needs no heartbeat", () => {
    const { log, socket } = open()
    socket.onopen?.({} as never)
    expect(log.waiting).toEqual([["open", { skipHeartbeat: true }]])
  })

  it("takes a close without an event for an abnormal one, and no bufferedAmount for none", () => {
    const { log, link, socket } = open()
    expect(link.bufferedAmount).toBe(0)
    socket.onclose?.(undefined as never)
    expect(log.waiting).toEqual([["close", { code: 1006, reason: "", wasClean: false }]])
  })

  it("closes it without arguments where there is no code: browsers refuse undefined", () => {
    const { link, socket } = open()
    link.close()
    link.close(4000)
    expect(socket.closes).toEqual([[], [4000, ""]])
  })
})

describe("webSocket, as in a browser", () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  const badOption = expect.objectContaining({ code: "bad_option" }) as Error

  it("refuses headers and an agent, which no browser takes", () => {
    expect(() => webSocket({ headers: { a: "1" } })).toThrow(badOption)
    expect(() => webSocket({ agent: {} })).toThrow(badOption)
    expect(() => webSocket({ headers: { a: "1" }, WebSocket: GivenSocket as never })).not.toThrow()
  })

  it("uses the page's WebSocket, looked up when it opens, and says so where there is none", () => {
    const transport = webSocket()
    vi.stubGlobal("WebSocket", GivenSocket)
    const log = new LinkLog()
    transport.open(URL_OF_SOCKET, linkOptions(URL_OF_SOCKET), log)
    const socket = GivenSocket.made.at(-1)
    expect(socket?.given).toEqual([URL_OF_SOCKET, undefined, undefined])
    // A browser reports no status; its event is passed on unchanged.
    const event = { type: "error" }
    socket?.onerror?.(event as never)
    expect(log.waiting).toEqual([["error", event]])
    vi.stubGlobal("WebSocket", undefined)
    expect(() => transport.open(URL_OF_SOCKET, linkOptions(URL_OF_SOCKET), new LinkLog())).toThrow(badOption)
  })
})
