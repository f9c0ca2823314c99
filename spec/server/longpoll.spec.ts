import { describe, expect, it } from "vitest"
import { msgpack } from "rookery/server"
import { stages, type Stage } from "../support/stage.js"

const stage = stages()

interface Answer {
  status: number
  token?: string
  messages?: string[]
}

class Poller {
  readonly #url: string
  readonly #headers: Record<string, string>
  #token = ""

  constructor({ port }: Stage, vsn = "2.0.0", headers: Record<string, string> = {}) {
    this.#url = `http://127.0.0.1:${port}/socket/longpoll?vsn=${vsn}`
    this.#headers = headers
  }

  async open(): Promise<number> {
    const answer = await this.get()
    this.#token = answer.token ?? ""
    return answer.status
  }

  async get(): Promise<Answer> {
    // The token may travel in a header, out of sight of every log of URLs.
    const headers = { ...this.#headers, ...(this.#token !== "" && { "x-phoenix-longpoll-token": this.#token }) }
    return (await (await fetch(this.#url, { headers })).json()) as Answer
  }

  async post(body: string): Promise<Answer> {
    const headers = { "x-phoenix-longpoll-token": this.#token, "content-type": "application/x-ndjson" }
    return (await (await fetch(this.#url, { method: "POST", headers, body })).json()) as Answer
  }
}

const withEcho = (): Promise<Stage> =>
  stage({ connect: ({ authToken }) => ({ assigns: { authToken } }) }, (endpoint) =>
    endpoint.channel("room:*", {
      receive: { echo: (payload) => payload, whoami: (_, room) => room.assigns.authToken },
    }),
  )

describe("long-poll", () => {
  it("carries any serializer, bytes as base64", async () => {
    const made = await withEcho()
    const poller = new Poller(made, "3.0.0")
    const { client } = msgpack()
    const frame = (ref: string, event: string, payload: unknown): string =>
      Buffer.from(client.encode({ join_ref: "1", ref, topic: "room:1", event, payload }) as Uint8Array).toString(
        "base64",
      )
    expect(await poller.open()).toBe(410)
    expect(await poller.post(`${frame("1", "phx_join", {})}\n${frame("2", "echo", { n: 1 })}`)).toEqual({ status: 200 })
    made.endpoint.broadcast("room:1", "bytes", Uint8Array.of(1, 2))
    const { messages = [] } = await poller.get()
    expect(messages.map((message) => client.decode(Buffer.from(message, "base64")).payload)).toEqual([
      { status: "ok", response: {} },
      { status: "ok", response: { n: 1 } },
      Uint8Array.of(1, 2).buffer,
    ])
  })

  it("reads an auth token of any text, whether its header is written as UTF-8 or as Latin-1", async () => {
    for (const [header, token] of [
      [Buffer.from("žluť").toString("latin1"), "žluť"],
      ["caf\u00e9", "café"],
    ] as const) {
      const poller = new Poller(await withEcho(), "2.0.0", { "x-phoenix-authtoken": header })
      await poller.open()
      await poller.post('["1","1","room:1","phx_join",{}]\n["1","2","room:1","whoami",{}]')
      const { messages = [] } = await poller.get()
      expect(JSON.parse(messages[1] ?? "null")).toEqual([
        "1",
        "2",
        "room:1",
        "phx_reply",
        { status: "ok", response: token },
      ])
    }
  })

  it("gives what comes in one turn in one answer", async () => {
    const made = await withEcho()
    const poller = new Poller(made)
    await poller.open()
    await poller.post('["1","1","room:1","phx_join",{}]')
    await poller.get()
    const waiting = poller.get()
    // On a connection of its own, so that the poll has long come when this is answered.
    await fetch(`http://127.0.0.1:${made.port}/socket/longpoll?vsn=2.0.0`, { method: "OPTIONS" })
    for (let n = 0; n < 3; n++) made.endpoint.broadcast("room:1", "news", { n })
    expect((await waiting).messages).toHaveLength(3)
  })

  it("forgets a session that nobody polls", async () => {
    const made = await stage({ limits: { pollWindowMs: 30 } })
    const closed = new Promise<{ code: number }>((resolve) => made.endpoint.on("socketClosed", resolve))
    const poller = new Poller(made)
    await poller.open()
    expect((await closed).code).toBe(1001)
    expect(await poller.post("[]")).toEqual({ status: 410 })
  })

  it("tells a page of another origin what it may read, and others nothing", async () => {
    const made = await stage({ origins: ["https://good.example"] })
    const ask = (origin: string, method = "GET"): Promise<Response> =>
      fetch(`http://127.0.0.1:${made.port}/socket/longpoll?vsn=2.0.0`, { method, headers: { origin } })
    const [good, evil, asked] = [
      await ask("https://good.example"),
      await ask("https://evil.example"),
      await ask("https://good.example", "OPTIONS"),
    ]
    expect(good.headers.get("access-control-allow-origin")).toBe("https://good.example")
    expect(evil.headers.get("access-control-allow-origin")).toBeNull()
    expect(await evil.json()).toEqual({ status: 403 })
    expect(asked.headers.get("access-control-allow-methods")).toBe("get, post, options")
  })
})
