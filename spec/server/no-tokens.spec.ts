import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { Refused, type EndpointEvents, type EndpointOptions, type Logger } from "rookery/server"
import { rawRequest, rawUpgrade } from "../support/raw-http.js"
import { stages } from "../support/stage.js"

const stage = stages()

const SECRET = "s3cr3t-t0ken"
const ENCODED = Buffer.from(SECRET).toString("base64").replace(/=/g, "")
const QUERY = `vsn=2.0.0&token=${SECRET}`
type Header = readonly [string, string]

const HEADERS: Header[] = [
  ["cookie", `session=${SECRET}`],
  ["authorization", `Bearer ${SECRET}`],
  ["x-forwarded-for", "203.0.113.7"],
  ["via", "1.1 proxy.example"],
]
const BY_HEADER: Header = ["x-phoenix-authtoken", SECRET]
const BY_SUBPROTOCOL: Header = ["sec-websocket-protocol", `phoenix, base64url.bearer.phx.${ENCODED}`]

const EVENTS: (keyof EndpointEvents)[] = [
  "connectRefused",
  "limitHit",
  "error",
  "socketConnected",
  "socketClosed",
  "channelJoined",
  "joinRefused",
  "channelEnded",
]

/** All that an endpoint says, to whomever. */
interface Said {
  readonly lines: unknown[]
  readonly answers: string[]
}

/** Knocks in every way there is, and gives what was said. */
async function knock(options: EndpointOptions): Promise<Said> {
  const lines: unknown[] = []
  const logger: Logger = (...line) => void lines.push(line)
  const { port, endpoint } = await stage({ logger, trustProxy: 1, ...options }, (made) => {
    made.gateway("/ws", { ...(options.connect && { connect: options.connect }), authToken: true, json: true })
  })
  for (const event of EVENTS) {
    // Of the client only what an event is for.
    endpoint.on(event, (details) => lines.push([event, { ...details, socket: undefined }]))
  }
  // The first client takes the only slot.
  const first = new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?vsn=2.0.0`, {
    headers: { "x-forwarded-for": "203.0.113.7" },
  })
  await new Promise((resolve) => first.once("open", resolve).once("error", resolve))
  const longpoll = `/socket/longpoll?${QUERY}`
  const requests = [
    () => rawUpgrade(port, `/socket/websocket?${QUERY}`, [...HEADERS, BY_SUBPROTOCOL]),
    () => rawUpgrade(port, `/socket/websocket?${QUERY}`, [...HEADERS, ["sec-websocket-protocol", `x.${SECRET}`]]),
    () =>
      rawUpgrade(port, `/socket/websocket?${QUERY}`, [
        ...HEADERS,
        ["sec-websocket-protocol", `base64url.bearer.phx.!${SECRET}`],
      ]),
    () => rawUpgrade(port, `/socket/websocket?vsn=${SECRET}`, [...HEADERS, BY_SUBPROTOCOL]),
    () => rawUpgrade(port, `/socket/websocket?${QUERY}&bad=%ff`, [...HEADERS, BY_SUBPROTOCOL]),
    () => rawUpgrade(port, `/socket/websocket?${QUERY}`, [...HEADERS, ["origin", `https://${SECRET}.test`]]),
    () => rawUpgrade(port, `/ws?${QUERY}`, [...HEADERS, BY_SUBPROTOCOL]),
    () => rawUpgrade(port, `/nowhere?${QUERY}`, [...HEADERS, BY_SUBPROTOCOL]),
    () => rawRequest(port, `GET /socket/websocket?${QUERY}`, [...HEADERS, BY_SUBPROTOCOL]),
    () => rawRequest(port, `GET ${longpoll}`, [...HEADERS, BY_HEADER]),
    () => rawRequest(port, `GET ${longpoll}&bad=%ff`, [...HEADERS, BY_HEADER]),
    () => rawRequest(port, `GET ${longpoll}`, [...HEADERS, BY_HEADER, ["origin", `https://${SECRET}.test`]]),
    () => rawRequest(port, `OPTIONS ${longpoll}`, [...HEADERS, BY_HEADER]),
    () => rawRequest(port, `POST ${longpoll}`, [...HEADERS, BY_HEADER], SECRET),
    () => rawRequest(port, `PUT ${longpoll}`, [...HEADERS, BY_HEADER], SECRET),
  ]
  const answers: string[] = []
  // One after the other, so that the log is in order; a line that only ends says nothing.
  for (const ask of requests) answers.push(await ask().then(({ text }) => text, String))
  await endpoint.close({ deadlineMs: 0 })
  return { lines, answers }
}

const printed = (what: unknown): string => inspect(what, { depth: 20, maxStringLength: Infinity })

describe("an endpoint says nobody's tokens, neither in its log nor in its events nor in its answers,", () => {
  const CASES: [what: string, options: EndpointOptions, said: RegExp][] = [
    ["when it lets in", { connect: () => true }, /was refused: vsn/],
    ["when it refuses", { connect: () => false }, /was refused: refused/],
    [
      "when it refuses with a status",
      {
        connect: () => {
          throw new Refused({ reason: "no" }, { status: 401, body: "no" })
        },
      },
      /was refused: refused/,
    ],
    [
      "when connect throws",
      {
        connect: () => {
          throw new Error("the database is away")
        },
      },
      /the database is away/,
    ],
    ["when connect rejects", { connect: () => Promise.reject(new TypeError("no such user")) }, /no such user/],
    ["when connect takes too long", { connect: () => new Promise(() => {}), limits: { connectMs: 20 } }, /connectMs/],
    ["when connect gives nonsense", { connect: () => ({ id: 7, assigns: 7 }) as never }, /refused: vsn/],
    ["when it is full", { limits: { connections: 1 } }, /limit hit: connections/],
    ["when an address has enough", { limits: { connectionsPerAddress: 1 } }, /limit hit: connectionsPerAddress/],
    [
      "when its origins throw",
      {
        origins: () => {
          throw new Error("no list")
        },
      },
      /no list/,
    ],
  ]
  it.each(CASES)("%s", async (_what, options, expected) => {
    const { lines, answers } = await knock(options)
    expect(printed(lines)).toMatch(expected)
    expect(answers).toHaveLength(15)
    for (const said of [printed(lines), ...answers]) {
      expect(said).not.toContain(SECRET)
      expect(said).not.toContain(ENCODED)
    }
  })

  it("when a frame, a body or a channel breaks, over both ways", async () => {
    const lines: unknown[] = []
    const { port, endpoint } = await stage({ logger: (...line) => void lines.push(line) }, (made) =>
      made.channel("room:*", {
        receive: {
          crash() {
            throw new Error("mine")
          },
          nothing: () => ({ unencodable: 1n }),
        },
      }),
    )
    for (const event of EVENTS) endpoint.on(event, (details) => lines.push([event, { ...details, socket: undefined }]))
    const { token } = JSON.parse((await rawRequest(port, `GET /socket/longpoll?${QUERY}`, [BY_HEADER])).body)
    const frames = [
      `["1","1","room:1","phx_join",{"token":"${SECRET}"}]`,
      ...["crash", "nothing", "none"].map((event) => `["1","2","room:1","${event}",{"token":"${SECRET}"}]`),
      `["1","1","room:1","phx_join",{"token":"${SECRET}"}]`,
      `["1","3","room:1","none",{"token":"${SECRET}"}]`,
      `["1","1","nowhere","phx_join",{"token":"${SECRET}"}]`,
      `{"token":${SECRET}}`,
      `{"token":"${SECRET}"`,
      SECRET,
    ]
    const answers: string[] = []
    for (const frame of frames) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?${QUERY}`)
      socket.on("message", (data) => answers.push(String(data)))
      await new Promise((resolve) => socket.once("open", resolve))
      socket.send(frames[0] as string)
      socket.send(frame)
      socket.send('[null,"9","phoenix","heartbeat",{}]')
      await new Promise<void>((resolve) => {
        socket.on("message", (data) => String(data).includes('"9"') && resolve())
        socket.once("close", () => resolve())
      })
      socket.terminate()
      const posted = await rawRequest(port, `POST /socket/longpoll?vsn=2.0.0&token=${token}`, [BY_HEADER], frame)
      answers.push(posted.text)
    }
    const polled = await rawRequest(port, `GET /socket/longpoll?vsn=2.0.0&token=${token}`, [BY_HEADER])
    // To whoever has it, it is told; to nobody else.
    answers.push(polled.text.replace(token, ""))
    expect(printed(lines)).toContain("mine")
    expect(printed(lines)).toContain("no handler takes")
    expect(answers.length).toBeGreaterThan(20)
    for (const said of [printed(lines), ...answers]) {
      expect(said).not.toContain(SECRET)
      expect(said).not.toContain(token)
    }
  })
})
