import { readFileSync } from "node:fs"
import { createServer, type ServerResponse } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { AddressInfo, Server } from "node:net"
import { setTimeout as wait } from "node:timers/promises"
import { ChatServer } from "rookery/chat/server"
import { Endpoint, Refused, type Channel, type EndpointOptions, type PushInfo } from "rookery/server"
import { CHAT_ROOMS, LIMITS, SMALL_LIMITS } from "./limits.js"
import { Clustered } from "./redis-host.js"

/** The ports of the servers in the endpoint's process. */
export interface Ports {
  /** The endpoint that honest clients use. */
  readonly main: number
  /** The same endpoint over TLS. */
  readonly secure: number
  /** An endpoint that accepts few connections. */
  readonly small: number
  /** The same over TLS. */
  readonly smallSecure: number
  /** An endpoint behind one proxy that accepts few connections. */
  readonly proxied: number
  readonly chat: number
  /** Takes requests for steps that attackers could not do themselves; `#control` in {@link Hosts} lists them. */
  readonly control: number
}

interface Said {
  readonly key?: string
  readonly meta?: Record<string, unknown>
  readonly code?: number
  readonly reason?: string
  readonly wait?: number
}

const pem = (name: string): string =>
  readFileSync(new URL(`../../../spec/support/private-ca/${name}.pem`, import.meta.url), "utf8")

/** The messages of the seeded history, and the bytes of each; together they are below the limit for one client. */
const NEWS = 100
const NEWS_BYTES = 70_000
const HOUR = 3_600_000

const portOf = (server: Server): number => (server.address() as AddressInfo).port

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, resolve))
  return portOf(server)
}

/** All targets of the attacks in one process: endpoints of all kinds, gateways and a chat. */
export class Hosts {
  readonly main: Endpoint
  readonly all: readonly Endpoint[]
  /** The number of calls of `connect` at `/rare`. */
  asked = 0
  /** The number of runs of a handler for each key that a client named. */
  readonly runs = new Map<string, number>()
  readonly #small: Endpoint
  readonly #proxied: Endpoint
  readonly #chat: ChatServer
  /** The newest log-in link of each address. */
  readonly #links = new Map<string, string>()
  readonly #redis: string | undefined
  #doomed: Endpoint | undefined
  #clustered: Clustered | undefined

  /** @param redis the URL of a Redis, if there is one */
  constructor(redis: string | undefined) {
    this.#redis = redis
    this.main = this.#endpoint({ limits: LIMITS })
    this.main.socket("/packed", { compress: true })
    this.main.socket("/rare", {
      limits: { ...LIMITS, connectsPerSecond: 0.1, connectBurst: 5 },
      connect: () => {
        this.asked++
      },
    })
    this.main.socket("/admin", { connect: ({ params }) => ({ id: String(params["id"]) }) })
    this.#small = this.#endpoint({ limits: SMALL_LIMITS })
    this.#proxied = this.#endpoint({ limits: SMALL_LIMITS, trustProxy: 1 })
    this.#chat = new ChatServer({
      logger: false,
      page: false,
      limits: { rooms: CHAT_ROOMS, messagesPerUser: { burst: 1000, everyMs: 1 } },
      mail: { send: async (email, link) => void this.#links.set(email, link) },
      publicUrl: "http://localhost",
      endpoint: { limits: LIMITS },
    })
    this.all = [this.main, this.#small, this.#proxied, this.#chat.endpoint as unknown as Endpoint]
  }

  async listen(): Promise<Ports> {
    const key = pem("server-key")
    const cert = pem("server")
    const secure = createSecureServer({ key, cert })
    const smallSecure = createSecureServer({ key, cert })
    this.main.attach(secure)
    this.#small.attach(smallSecure)
    const local = { port: 0, host: "127.0.0.1", backlog: 4096 }
    const [main, small, proxied, chat] = await Promise.all([
      this.main.listen(local),
      this.#small.listen(local),
      this.#proxied.listen(local),
      this.#chat.listen(local),
    ])
    for (let n = 0; n < NEWS; n++) void this.main.broadcast("news:old", "news", { text: "x".repeat(NEWS_BYTES), n })
    return {
      main: main.port,
      small: small.port,
      proxied: proxied.port,
      chat: chat.port,
      secure: await listening(secure),
      smallSecure: await listening(smallSecure),
      control: await listening(this.#control()),
    }
  }

  /**
   * `GET /link?email` returns the token of the newest log-in link. `GET /doomed` opens an endpoint, and `GET /close`
   * closes it with a deadline of a second and returns the milliseconds that this took. `GET /clustered` returns the
   * port of an endpoint with a Redis, or nothing without a Redis, and `GET /redis` the contents of that Redis.
   */
  #control(): Server {
    return createServer((request, response) => {
      void this.#obey(new URL(request.url ?? "/", "http://control")).then(
        (told) => response.end(told),
        (error: unknown) => failed(response, error),
      )
    })
  }

  async #obey({ pathname, searchParams }: URL): Promise<string> {
    switch (pathname) {
      case "/link":
        return (
          new URL(this.#links.get(searchParams.get("email") ?? "") ?? "http://none").searchParams.get("token") ?? ""
        )
      case "/doomed": {
        this.#doomed = this.#endpoint({ limits: LIMITS })
        const { port } = await this.#doomed.listen({ port: 0, host: "127.0.0.1" })
        return String(port)
      }
      case "/close": {
        const started = performance.now()
        const late = new AbortController()
        const closed = this.#doomed?.close({ deadlineMs: 1000 })
        await Promise.race([closed, wait(10_000, undefined, { signal: late.signal })])
        late.abort()
        return String(performance.now() - started)
      }
      case "/clustered":
        if (this.#redis === undefined) return ""
        this.#clustered ??= await Clustered.start(this.#redis, (options) => this.#endpoint(options))
        return String(this.#clustered.port)
      case "/redis":
        return JSON.stringify(await this.#clustered?.held())
      default:
        throw new Error(`nothing at ${pathname}`)
    }
  }

  #endpoint(options: EndpointOptions): Endpoint {
    const endpoint = new Endpoint({
      // The logger discards its entries, but the endpoint still makes them, so that their cost counts.
      logger: () => {},
      connect({ params, authToken }) {
        if (authToken !== null || params["token"] !== undefined) throw new Refused({ reason: "bad token" })
        const { id } = params
        return { id: typeof id === "string" ? id : null }
      },
      ...options,
    })
    this.#openChannels(endpoint)
    openGateways(endpoint)
    return endpoint
  }

  #openChannels(endpoint: Endpoint): void {
    const receive = {
      echo: (payload: unknown) => payload,
      size: (payload: unknown) => ({ keys: Object.keys(payload as object).length }),
      slow: () => new Promise((resolve) => setTimeout(resolve, 1000)),
      tell: (payload: unknown) => void endpoint.broadcast("filtered:1", "shout", payload as object),
      shout: (payload: unknown, room: Channel) => void room.broadcast("shout", payload as object),
      count: (payload: unknown) => ({ times: this.#ran(payload as Said) }),
      name: (payload: unknown, _room: Channel, push: PushInfo) => ({ name: push.id, payload }),
      kick: (payload: unknown, room: Channel) => void endpoint.kick(room.topic, (payload as Said).key ?? ""),
      silent: (payload: unknown, room: Channel) => {
        this.#ran(payload as Said)
        return room.noReply
      },
      late: async (payload: unknown) => {
        const times = this.#ran(payload as Said)
        await wait((payload as Said).wait ?? 500)
        return { times }
      },
    }
    endpoint.channel("room:*", { join: () => ({}), receive })
    endpoint.channel("busy", {})
    endpoint.channel("late:*", { join: () => wait(500, {}), receive })
    endpoint.channel("news:*", { history: { size: NEWS, ttl: HOUR }, receive })
    endpoint.channel("log:*", { history: { size: 100, ttl: 2000 }, receive })
    endpoint.channel("filtered:*", { receive, intercept: { shout: () => wait(1000) } })
    endpoint.channel("people:*", {
      join: ({ params }, room) => void (room.assigns = { meta: (params as Said).meta ?? {} }),
      joined: (room) => room.track(`user:${Math.random()}`, (room.assigns as { meta: object }).meta),
      receive,
    })
  }

  #ran({ key = "" }: Said): number {
    const times = (this.runs.get(key) ?? 0) + 1
    this.runs.set(key, times)
    return times
  }
}

function failed(response: ServerResponse, error: unknown): void {
  response.statusCode = 500
  response.end(String(error))
}

function openGateways(endpoint: Endpoint): void {
  endpoint.gateway("/plain", {
    json: true,
    subprotocols: ["chat"],
    async onMessage(data: Said | null, client) {
      if (data?.wait !== undefined) await wait(data.wait)
      client.send("ok")
    },
  })
  endpoint.gateway("/quick", {
    json: true,
    onMessage: (data: Said | null, client) => (data?.wait === undefined ? client.send(data) : wait(data.wait)),
  })
  endpoint.gateway("/closing", {
    json: true,
    onMessage(data: Said | null, client) {
      try {
        client.close(data?.code, data?.reason)
      } catch (error) {
        if ((error as { code?: unknown }).code !== "bad_option") throw error
        client.close(1008, "bad option")
      }
    },
  })
}
