import { afterEach, describe, expect, it, vi } from "vitest"
import { WebSocket } from "ws"
import { authTokenSubprotocols } from "../../lib/protocol/auth-token.js"
import { Endpoint, type GatewayOptions } from "rookery/server"

const open: (() => unknown)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface Served {
  readonly port: number
  readonly errors: unknown[]
  /** The subprotocol of each client, as its gateway sees it. */
  readonly agreed: (string | null)[]
}

async function served(options: GatewayOptions = {}): Promise<Served> {
  const endpoint = new Endpoint({ logger: false })
  const errors: unknown[] = []
  const agreed: (string | null)[] = []
  endpoint.on("error", ({ error }) => errors.push(error))
  endpoint.gateway("/ws", { onOpen: ({ subprotocol }) => void agreed.push(subprotocol), ...options })
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  open.push(() => endpoint.close({ deadlineMs: 0 }))
  return { port, errors, agreed }
}

/** A client of another make that offers subprotocols: the one agreed on, or why it fails. */
async function offer(port: number, ...offered: string[]): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, offered)
  open.push(() => socket.terminate())
  return await new Promise((resolve) => {
    socket.on("open", () => resolve(socket.protocol))
    socket.on("error", (error) => resolve(error.message))
  })
}

describe("a gateway and a client that names subprotocols", () => {
  it("agree on the first name of the client that the gateway lists", async () => {
    const { port, agreed } = await served({ subprotocols: ["chat.v1", "chat.v2"] })
    expect(await offer(port, "chat.v2", "chat.v1")).toBe("chat.v2")
    expect(await offer(port, "other", "chat.v1")).toBe("chat.v1")
    expect(agreed).toEqual(["chat.v2", "chat.v1"])
  })

  it("agree on none where the gateway lists none of the names, and the client decides what that means", async () => {
    for (const options of [{}, { subprotocols: ["chat"] }]) {
      const { port, agreed } = await served(options)
      expect(await offer(port, "other")).toBe("Server sent no subprotocol")
      expect(agreed).toEqual([null])
    }
  })

  it("agree on none where the client names none", async () => {
    const { port, agreed } = await served({ subprotocols: ["chat"] })
    expect(await offer(port)).toBe("")
    expect(agreed).toEqual([null])
  })

  it("agree on what a function picks by the names and the request", async () => {
    const subprotocols = vi.fn((offered: readonly string[], { url }: { url?: string | undefined }) =>
      url === "/ws" ? offered.find((name) => name.startsWith("mqtt")) : null,
    )
    const { port } = await served({ subprotocols })
    expect(await offer(port, "wamp", "mqttv5")).toBe("mqttv5")
    expect(await offer(port, "wamp")).toBe("Server sent no subprotocol")
    expect(subprotocols.mock.calls.map(([offered]) => offered)).toEqual([["wamp", "mqttv5"], ["wamp"]])
  })

  it("do not meet where the function picks a name that the client did not offer, and the error says so", async () => {
    const { port, errors } = await served({ subprotocols: () => "chat\r\nset-cookie: a=b" })
    expect(await offer(port, "chat")).toBe("Unexpected server response: 500")
    expect(errors).toEqual([expect.objectContaining({ code: "bad_option", message: expect.stringContaining("chat") })])
  })

  it("do not meet where the function throws", async () => {
    const thrown = new Error("thrown by subprotocols")
    const subprotocols = (): string => {
      throw thrown
    }
    const { port, errors } = await served({ subprotocols })
    expect(await offer(port, "chat")).toBe("Unexpected server response: 500")
    expect(errors).toEqual([thrown])
  })

  it("agree on a name beside the subprotocol that carries an auth token", async () => {
    const tokens: (string | null)[] = []
    const subprotocols = vi.fn((offered: readonly string[]) => offered[0])
    const { port } = await served({
      authToken: true,
      subprotocols,
      connect: ({ authToken }) => void tokens.push(authToken),
    })
    const [, token] = authTokenSubprotocols("secret")
    expect(await offer(port, token, "chat")).toBe("chat")
    expect(subprotocols.mock.calls).toEqual([[["chat"], expect.anything()]])
    expect(tokens).toEqual(["secret"])
  })
})
