import { once } from "node:events"
import { Socket, webSocket } from "rookery"
import type { InspectedState, InspectedTopic } from "rookery/inspect"
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest"
import { WebSocket } from "ws"
import { StreamReader } from "../inspect/stage.js"
import type { Project } from "../packaging/installed.js"
import { PATIENCE } from "../support/patience.js"
import { HOSTS, portOf } from "./hosts.js"
import { emptyProject } from "./project.js"
import { ready } from "./runtimes.js"

let project: Project
beforeAll(async () => {
  project = await emptyProject()
})
afterAll(() => project.remove())

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** The streams that an inspector has at most. */
const MOST_STREAMS = 20

/** A server with an inspector, and its operator. */
class Inspected {
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  url(path: string, protocol: "http" | "ws" = "http"): string {
    return `${protocol}://127.0.0.1:${this.#port}${path}`
  }

  ask(part: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: "Bearer operator", ...(init.headers as Record<string, string> | undefined) }
    return fetch(this.url(`/inspect${part}`), { ...init, headers })
  }

  async read<T>(part: string): Promise<T> {
    return (await (await this.ask(part)).json()) as T
  }

  async act(part: string, body: object): Promise<number> {
    const headers = { "x-rookery-inspect": "1", "content-type": "application/json" }
    return (await this.ask(part, { method: "POST", headers, body: JSON.stringify(body) })).status
  }

  /** Opens a stream, and gives its status and the way to leave it. */
  async stream(): Promise<{ response: Response; leave: () => void }> {
    const controller = new AbortController()
    const response = await this.ask("/stream", { signal: controller.signal })
    return { response, leave: () => controller.abort() }
  }

  enter(user: string): Socket {
    const transport = webSocket({ WebSocket })
    const socket = new Socket(this.url("/socket", "ws"), {
      transport,
      params: { user },
      reconnectAfterMs: () => 3_600_000,
    })
    ends.push(() => socket.destroy())
    socket.connect()
    return socket
  }
}

describe("an inspector", () => {
  it.for(Object.keys(HOSTS))("answers requests of the web in %s", async (name, { skip }) => {
    const host = await ready(name, HOSTS)
    if (typeof host === "string") {
      console.warn(host)
      return skip(host)
    }
    const program = await host(project, "inspected")
    ends.push(() => program.kill())
    const server = new Inspected(await portOf(program))
    onTestFinished(({ task }) => {
      if (task.result?.state === "fail") console.error(program.output)
    })

    const refused = await fetch(server.url("/inspect/state"))
    expect([refused.status, refused.headers.get("cache-control")]).toEqual([403, "no-store"])
    const page = await server.ask("")
    expect([page.status, page.url]).toEqual([200, server.url("/inspect/")])
    expect(await page.text()).toContain("<h1>Inspect</h1>")
    expect(await (await server.ask("/app.js")).text()).toContain("EventSource")

    const { response, leave } = await server.stream()
    const stream = new StreamReader(response)
    const ada = server.enter("ada")
    const room = await ada.join("room:1")
    const gateway = await openPlain(server)
    await stream.until(({ data }) => data["step"] === "connected" && data["id"] === "ada")
    await room.push("shout", { text: "hi" })
    const told = await stream.until(({ data }) => data["event"] === "shout")
    expect(told.data).toMatchObject({ id: "ada", topic: "room:1", payload: { text: "hi" } })
    gateway.send("plain")
    expect((await stream.until(({ event }) => event === "gateway")).data).toMatchObject({ path: "/ws", data: "plain" })

    const state = await server.read<InspectedState>("/state")
    expect(state.sockets).toMatchObject([{ id: "ada", transport: "websocket", channels: [{ topic: "room:1" }] }])
    expect(state.gatewayClients).toMatchObject([{ path: "/ws" }])
    const { presences } = await server.read<InspectedTopic>("/topic?topic=room:1")
    expect(presences.map(({ key }) => key)).toEqual(["ada"])
    expect(await server.read("/cluster")).toEqual({ nodes: 1, sockets: 1, healthy: true })

    const kicked = new Promise<void>((resolve) => void room.onClose(() => resolve()))
    expect(await server.act("/kick", { topic: "room:1", socket: state.sockets[0]?.key })).toBe(204)
    await kicked
    const closed = new Promise((resolve) => void ada.onClose(({ code }) => resolve(code)))
    expect(await server.act("/disconnect", { id: "ada" })).toBe(204)
    expect(await closed).toBe(1001)
    const ended = once(gateway, "close")
    expect(await server.act("/disconnect", { client: state.gatewayClients[0]?.key })).toBe(204)
    expect((await ended)[0]).toBe(1001)
    leave()
  })

  it.for(Object.keys(HOSTS))("notices in %s that the reader of a stream is gone", async (name, { skip }) => {
    const host = await ready(name, HOSTS)
    if (typeof host === "string") return skip(host)
    const program = await host(project, "inspected")
    ends.push(() => program.kill())
    const server = new Inspected(await portOf(program))
    const room = await server.enter("ada").join("room:1")
    const streams = await Promise.all(Array.from({ length: MOST_STREAMS }, () => server.stream()))
    ends.push(() => streams.forEach(({ leave }) => leave()))
    expect((await server.stream()).response.status).toBe(503)
    for (const { leave } of streams.splice(0)) leave()
    await vi.waitFor(async () => {
      // Some runtimes notice it when they write the next event.
      await room.push("shout", {})
      const { response, leave } = await server.stream()
      leave()
      expect(response.status).toBe(200)
    }, PATIENCE)
  })
})

/** Opens a websocket of the gateway. */
async function openPlain(server: Inspected): Promise<WebSocket> {
  const socket = new WebSocket(server.url("/ws", "ws"))
  ends.push(() => socket.terminate())
  await once(socket, "open")
  return socket
}
