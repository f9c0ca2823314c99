import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Page as Tab } from "playwright-core"
import { contract, Endpoint, Refused } from "rookery/server"
import { expect } from "vitest"
import { complaintsOf, type Complaints } from "../complaints.js"
import type { Shown } from "./app.js"
import type { Page } from "./page.js"
import type { Topics } from "./topics.js"

/** A page that uses the hooks, and the endpoint on the other end, which logs events. */
export class Stage {
  readonly tab: Tab
  readonly endpoint: Endpoint<Topics>
  /** The joins, the leaves and the other ends of channels and sockets, in order. */
  readonly seen: string[]
  readonly #complaints: Complaints
  readonly #server: Server

  private constructor(tab: Tab, endpoint: Endpoint<Topics>, seen: string[], server: Server) {
    this.tab = tab
    this.endpoint = endpoint
    this.seen = seen
    this.#server = server
    this.#complaints = complaintsOf(tab)
  }

  /** The complaints of the browser. */
  get complaints(): readonly string[] {
    return this.#complaints.list
  }

  /** Opens a page with a script and server-rendered HTML in a given tab, at a new origin. */
  static async open(tab: Tab, script: string, rendered = ""): Promise<Stage> {
    const { endpoint, seen } = app()
    const server = createServer((request, response) => {
      const [type, body] =
        request.url === "/page.js"
          ? ["text/javascript", script]
          : ["text/html", `<!doctype html><div id="server">${rendered}</div><script src="/page.js"></script>`]
      response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body)
    })
    endpoint.attach(server)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const stage = new Stage(tab, endpoint, seen, server)
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    return stage
  }

  /** Calls a function of the page. */
  async call<Name extends keyof Page>(
    name: Name,
    ...args: Page[Name] extends (...args: infer Args) => unknown ? Args : []
  ): Promise<Page[Name] extends (...args: never[]) => infer Result ? Awaited<Result> : Page[Name]> {
    const result = await this.tab.evaluate(
      ([name, args]) => {
        const member = (globalThis as unknown as { page: Record<string, unknown> }).page[name as string]
        return typeof member === "function"
          ? (member as (...args: unknown[]) => unknown)(...(args as unknown[]))
          : member
      },
      [name, args],
    )
    return result as never
  }

  /** Shows parts of the app, and waits until each of its rooms is joined. */
  async joined(shown: Shown, mine = false): Promise<void> {
    await this.call("show", shown, mine)
    for (const { id, topic } of shown.rooms) if (topic) await this.state(id, "joined")
  }

  /** Waits until a room has this state. */
  async state(id: string, state: string, error = ""): Promise<void> {
    const room = this.tab.locator(`#${id}[data-state="${state}"][data-error="${error}"]`)
    await room.waitFor({ state: "attached" })
  }

  /** Waits until the page shows this text. */
  async says(selector: string, text: RegExp): Promise<void> {
    await this.tab.locator(selector, { hasText: text }).waitFor({ state: "attached" })
  }

  /** The log of the endpoint, once it has handled everything that the page has done so far. */
  async history(id: string): Promise<string[]> {
    await this.call("settled")
    expect(await this.call("push", id, "so far")).toMatch(/^ok/)
    return this.seen
  }

  /** Waits until the endpoint has logged this. */
  async until(what: string): Promise<void> {
    await expect.poll(() => this.seen).toContain(what)
  }

  async close(): Promise<void> {
    await this.tab.goto("about:blank")
    this.#complaints.stop()
    await this.endpoint.close({ deadlineMs: 0 })
    const closed = new Promise((resolve) => this.#server.close(resolve))
    // `close()` waits for a connection that the browser has opened ahead of need, and that has no request yet.
    this.#server.closeAllConnections()
    await closed
  }
}

function app(): { endpoint: Endpoint<Topics>; seen: string[] } {
  const seen: string[] = []
  let pushes = 0
  const endpoint = new Endpoint({
    topics: contract<Topics>(),
    connect({ params, authToken }) {
      seen.push(["connected", params["token"], authToken].filter(Boolean).join(" "))
      return { id: "page", assigns: {} }
    },
  })
  endpoint.socket("/other")
  endpoint.on("socketClosed", () => seen.push("disconnected"))
  endpoint.on("channelEnded", ({ topic, reason }) => seen.push(`${reason.kind} ${topic}`))
  endpoint.channel("room:*", {
    join({ topic, params }) {
      seen.push(`join ${topic} ${JSON.stringify(params)}`)
      if (topic === "room:secret") throw new Refused({ reason: "unauthorized" })
      return { nth: seen.filter((what) => what.startsWith("join ")).length }
    },
    joined(room) {
      room.push("welcome", { text: "welcome" })
      if (room.params.name !== undefined) room.track(room.params.name, { since: 1 })
      else room.push("presence_state", {})
    },
    receive: {
      say({ text }, room) {
        if (text === "no") throw new Refused({ reason: "not that" })
        room.broadcast("said", { text })
        if (room.topic === "room:crowd") {
          room.broadcast("presence_diff", { joins: { [text]: { metas: [{ phx_ref: text, since: 1 }] } }, leaves: {} })
        }
        return { id: ++pushes }
      },
    },
  })
  return { endpoint, seen }
}
