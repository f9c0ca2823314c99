import { describe, expect, it } from "vitest"
import type { EndpointOptions } from "rookery/server"
import { rawRequest, rawUpgrade, type RawAnswer } from "../support/raw-http.js"
import { stages } from "../support/stage.js"

const stage = stages()

type Header = readonly [name: string, value: string]

/** A way in, and whether it let somebody in. */
interface Way {
  readonly name: string
  knock(port: number, headers: readonly Header[]): Promise<boolean>
}

const LONGPOLL = "/socket/longpoll?vsn=2.0.0"

const opened = ({ status, body }: RawAnswer): boolean => status === 200 && JSON.parse(body).token !== undefined

const WAYS: Way[] = [
  {
    name: "a websocket",
    knock: async (port, headers) => (await rawUpgrade(port, "/socket/websocket?vsn=2.0.0", headers)).status === 101,
  },
  { name: "long-poll", knock: async (port, headers) => opened(await rawRequest(port, `GET ${LONGPOLL}`, headers)) },
  {
    name: "a gateway",
    knock: async (port, headers) => (await rawUpgrade(port, "/ws", headers)).status === 101,
  },
]

const open = async (options: EndpointOptions = {}): Promise<{ port: number; counts(): number }> => {
  const { port, endpoint } = await stage(options, (made) => made.gateway("/ws"))
  const counts = (): number => {
    const { rookery_sockets_connected_total: sockets, rookery_gateway_clients: clients } = endpoint.counters()
    return sockets + clients
  }
  return { port, counts }
}

/** A header is bytes, and what is not of ASCII is sent as UTF-8. */
const asBytes = (text: string): string => Buffer.from(text).toString("latin1")

const LISTED = [
  "https://example.com",
  "http://example.com:8080",
  "//any.example",
  "//*.wild.example",
  "https://*.tls.example:444",
  "https://[2001:db8::1]:8443",
  "app://localhost",
  "https://Straße.example",
  "//*.küche.example",
]

const INSIDE = [
  "https://example.com",
  "HTTPS://EXAMPLE.COM",
  "https://example.com:443",
  "http://example.com:8080",
  "http://any.example",
  "https://any.example:1234",
  "https://a.wild.example",
  "https://a.b.wild.example",
  "https://wild.example",
  "https://a.tls.example:444",
  "https://[2001:db8::1]:8443",
  "https://[2001:DB8::1]:8443",
  "app://localhost",
  "https://xn--strae-oqa.example",
  "http://a.xn--kche-0ra.example:99",
]

const OUTSIDE = [
  // Another scheme, another port, the default port of another scheme.
  "http://example.com",
  "https://example.com:8080",
  "https://example.com:80",
  "http://example.com:443",
  "wss://example.com",
  "https://a.tls.example",
  "http://a.tls.example:444",
  // Names that end, begin or look alike.
  "https://example.com.evil.test",
  "https://evilexample.com",
  "https://sub.example.com",
  "https://evilwild.example",
  "https://wild.example.evil.test",
  "https://example.com.",
  "https://a.wild.example.",
  "https://.wild.example.evil.test",
  "https://xn--exmple-cua.com",
  "https://exämple.com",
  "https://exаmple.com",
  "https://straße.example",
  // Other parts of a URL that contain the allowed host.
  "https://example.com@evil.test",
  "https://example.com:443@evil.test",
  "https://evil.test/https://example.com",
  "https://evil.test?https://example.com",
  "https://evil.test#https://example.com",
  "https://evil.test#.wild.example",
  "https://evil.test/.wild.example",
  "https://evil.test\\.wild.example",
  "https://evil.test%2f.wild.example",
  "https://evil.test%00.wild.example",
  "https://evil.test,a.wild.example",
  "https://evil.test;a.wild.example",
  "https://evil.test a.wild.example",
  "https://*.wild.example",
  "https://example.com/",
  "https://example.com//",
  "https://example.com/path",
  "https:/example.com",
  "https:example.com",
  "//example.com",
  "//any.example",
  "example.com",
  // Addresses.
  "https://[2001:db8::1]",
  "https://[2001:db8::2]:8443",
  "https://[2001:db8:0:0::1]:8443",
  "https://[::ffff:127.0.0.1]",
  "http://localhost",
  "http://127.0.0.1",
  "http://[::1]",
  // No name at all.
  "null",
  "NULL",
  "undefined",
  "*",
  "file://",
  "data:text/html,hi",
  "about:blank",
  "blob:https://example.com/1",
  "",
]

describe.each(WAYS)("over $name a page", ({ knock }) => {
  it("a page of a listed origin may connect, in any case and with its default port", async () => {
    const { port } = await open({ origins: LISTED })
    const answers = await Promise.all(
      INSIDE.map(async (origin) => [origin, await knock(port, [["origin", origin]])] as const),
    )
    expect(answers.filter(([, isIn]) => !isIn)).toEqual([])
  })

  it("a page of any other origin may not connect, whatever it is made to look like", async () => {
    const { port, counts } = await open({ origins: LISTED })
    const answers = await Promise.all(
      OUTSIDE.map(async (origin) => [origin, await knock(port, [["origin", asBytes(origin)]])] as const),
    )
    expect(answers.filter(([, isIn]) => isIn)).toEqual([])
    expect(counts()).toBe(0)
  })

  it("a page that names two origins may not connect, even if both are allowed", async () => {
    const { port } = await open({ origins: ["https://example.com", "//*.wild.example"] })
    const both = [
      ["https://example.com", "https://evil.test"],
      ["https://evil.test", "https://example.com"],
      ["https://evil.test", "https://a.wild.example"],
      ["https://example.com", "https://example.com"],
    ]
    for (const origins of both) {
      const headers = origins.map((origin) => ["origin", origin] as const)
      expect(await knock(port, headers)).toBe(false)
      expect(await knock(port, [["origin", origins.join(", ")]])).toBe(false)
      expect(await knock(port, [["origin", origins.join(",")]])).toBe(false)
    }
  })

  it("is of this machine or of the host that is said, if nothing else is, whatever Host header it sends", async () => {
    const { port, counts } = await open({ host: "chat.example" })
    const liars = ["evil.test", `evil.test:${port}`, "localhost", "chat.example", "127.0.0.1"]
    for (const host of liars) {
      const ask = (origin: string): Promise<boolean> =>
        knock(port, [
          ["host", host],
          ["x-forwarded-host", "evil.test"],
          ["forwarded", "host=evil.test"],
          ["origin", origin],
        ])
      // A name that was made to point at this machine is another name still.
      for (const origin of ["http://evil.test", `http://evil.test:${port}`, "https://chat.example.evil.test"]) {
        expect([host, origin, await ask(origin)]).toEqual([host, origin, false])
      }
    }
    expect(counts()).toBe(0)
    for (const origin of ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:80", "https://chat.example:99"]) {
      expect([
        origin,
        await knock(port, [
          ["host", "evil.test"],
          ["origin", origin],
        ]),
      ]).toEqual([origin, true])
    }
  })

  it("a page that hides its origin is judged by the site that the browser reports", async () => {
    const { port, counts } = await open({ origins: ["https://example.com"] })
    for (const site of ["cross-site", "same-site", "Cross-Site", "nonsense", ""]) {
      expect([site, await knock(port, [["sec-fetch-site", site]])]).toEqual([site, false])
    }
    expect(counts()).toBe(0)
    expect(await knock(port, [["sec-fetch-site", "same-origin"]])).toBe(true)
    expect(await knock(port, [["sec-fetch-site", "none"]])).toBe(true)
    // A page that is named may be of another site.
    const named = [
      ["origin", "https://example.com"],
      ["sec-fetch-site", "cross-site"],
    ] as const
    expect(await knock(port, named)).toBe(true)
  })

  it("is asked for by no one who is not one: a request without an origin comes in", async () => {
    const { port } = await open({ origins: ["https://example.com"] })
    expect(await knock(port, [])).toBe(true)
  })

  it("is looked at by a function in the origin's own letters", async () => {
    const asked: string[] = []
    const { port } = await open({ origins: (origin) => asked.push(origin) > 0 && origin === "null" })
    expect(await knock(port, [["origin", "null"]])).toBe(true)
    expect(await knock(port, [["origin", "HTTPS://Evil.test"]])).toBe(false)
    expect(asked).toEqual(["null", "HTTPS://Evil.test"])
  })
})

describe("a page of another site, by long-poll", () => {
  const cors = ({ headers }: RawAnswer): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => /^access-control-|^vary$/.test(name)))
  const PAGE: Header = ["origin", "https://Example.com"]

  it("a page of an allowed site is named exactly, with Vary, in every answer, and never with credentials", async () => {
    const { port } = await open({ origins: ["https://example.com"] })
    const named = { "access-control-allow-origin": "https://Example.com", vary: "origin" }
    const session = await rawRequest(port, `GET ${LONGPOLL}`, [PAGE])
    const { token } = JSON.parse(session.body)
    const answers = [
      session,
      await rawRequest(port, `POST ${LONGPOLL}&token=${token}`, [PAGE], '["1","1","phoenix","heartbeat",{}]'),
      await rawRequest(port, `GET ${LONGPOLL}&token=${token}`, [PAGE]),
      await rawRequest(port, `POST ${LONGPOLL}&token=of-nobody`, [PAGE], "x"),
      await rawRequest(port, `PUT ${LONGPOLL}`, [PAGE]),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400])
    expect(answers.map(cors)).toEqual(answers.map(() => named))
  })

  it("is answered before it sends what is no simple request, and only if it may connect", async () => {
    const { port } = await open({ origins: ["https://example.com"] })
    const ask = (origin: string): Promise<RawAnswer> =>
      rawRequest(port, `OPTIONS ${LONGPOLL}`, [
        ["origin", origin],
        ["access-control-request-method", "POST"],
        ["access-control-request-headers", "x-phoenix-authtoken,content-type"],
      ])
    expect(cors(await ask("https://example.com"))).toEqual({
      "access-control-allow-origin": "https://example.com",
      "access-control-allow-headers": "x-phoenix-authtoken,content-type",
      "access-control-allow-methods": "get, post, options",
      "access-control-max-age": "3600",
      vary: "origin",
    })
    for (const origin of ["https://evil.test", "null", "https://example.com.evil.test", "http://example.com"]) {
      const answer = await ask(origin)
      expect([origin, cors(answer)]).toEqual([origin, { vary: "origin" }])
      expect(answer.text).not.toContain(origin === "null" ? "origin: null" : origin)
    }
  })

  it("the origin of a page that may not connect is never reflected, even if it has a user's session", async () => {
    const { port, counts } = await open({ origins: ["https://example.com"] })
    const { token } = JSON.parse((await rawRequest(port, `GET ${LONGPOLL}`, [PAGE])).body)
    for (const method of ["GET", "POST", "OPTIONS", "PUT"]) {
      const at = `${method} ${LONGPOLL}&token=${token}`
      const answer = await rawRequest(port, at, [["origin", "https://evil.test"]], method === "POST" ? "[]" : "")
      expect([method, cors(answer)]).toEqual([method, { vary: "origin" }])
      expect(answer.text).not.toContain("evil.test")
      expect(answer.text).not.toContain(token)
    }
    expect(counts()).toBe(1)
  })

  it("is anybody where anybody may connect, still without credentials", async () => {
    const { port } = await open({ origins: "*" })
    const answer = await rawRequest(port, `GET ${LONGPOLL}`, [
      ["origin", "https://evil.test"],
      ["cookie", "a=b"],
    ])
    expect(cors(answer)).toEqual({ "access-control-allow-origin": "*" })
  })

  it("a page that points its name at this machine gets at most a session, and cannot send anything on it", async () => {
    const joined: string[] = []
    const { port } = await stage({}, (made) => made.channel("room:*", { join: ({ topic }) => void joined.push(topic) }))
    const host: Header = ["host", `evil.test:${port}`]
    // To its own origin, as the browser sees it, a page's GET says no origin. All else does.
    const { token } = JSON.parse((await rawRequest(port, `GET ${LONGPOLL}`, [host])).body)
    const frame = JSON.stringify(["1", "1", "room:lobby", "phx_join", {}])
    const at = `POST ${LONGPOLL}&token=${token}`
    const refused = await rawRequest(port, at, [host, ["origin", `http://evil.test:${port}`]], frame)
    expect(JSON.parse(refused.body)).toEqual({ status: 403 })
    expect(joined).toEqual([])
    // The same from who is let in, so that the refusal is the origin's.
    expect(JSON.parse((await rawRequest(port, at, [["origin", "http://localhost"]], frame)).body)).toEqual({
      status: 200,
    })
    expect(joined).toEqual(["room:lobby"])
  })
})
