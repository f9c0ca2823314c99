import { afterEach, describe, expect, it, vi } from "vitest"
import { ConnectError } from "../../lib/protocol/errors.js"
import { longPoll } from "../../lib/transport/longpoll.js"
import type { FakeRequest } from "../support/fake-fetch.js"
import { LinkLog, linkOptions } from "../support/link-log.js"
import { opened, start, tasks, URL_OF_SOCKET } from "../support/longpoll-link.js"

afterEach(() => {
  vi.useRealTimers()
})

describe("an answer that ends it", () => {
  type Ending = [
    what: string,
    answer: (request: FakeRequest) => void,
    status: number | undefined,
    code: number,
    reason: string,
    /** Without one the message is the HTTP status. */
    message?: string,
  ]
  const SERVER_ERROR = [1011, "internal server error"] as const
  const NOT_PHOENIX = [undefined, ...SERVER_ERROR, "not a Phoenix server"] as const
  const both: Ending[] = [
    ["an HTTP 502 page", (request) => request.respond("<html>Bad Gateway</html>", 502), 502, ...SERVER_ERROR],
    [
      "an error of Phoenix",
      (request) => request.respond('{"error":"Internal Server Error"}', 500),
      500,
      ...SERVER_ERROR,
    ],
    ["an empty 504", (request) => request.respond("", 504), 504, ...SERVER_ERROR],
    ["a status in the body", (request) => request.answer({ status: 500 }), 500, ...SERVER_ERROR],
    ["a page that says 200", (request) => request.respond("<html>Please log in</html>"), ...NOT_PHOENIX],
    ["an empty 200", (request) => request.respond(""), ...NOT_PHOENIX],
    ["JSON without a status", (request) => request.answer({ ok: true }), ...NOT_PHOENIX],
    ["null", (request) => request.answer(null), ...NOT_PHOENIX],
    [
      "a status that is text",
      (request) => request.answer({ status: "200", token: "t1" }),
      undefined,
      ...SERVER_ERROR,
      "200",
    ],
    [
      "a network that fails",
      (request) => request.fail(new TypeError("fetch failed")),
      undefined,
      ...SERVER_ERROR,
      "TypeError: fetch failed",
    ],
  ]
  const toPolls: Ending[] = [
    ["a refusal", (request) => request.answer({ status: 403 }), 403, 1008, "forbidden"],
    ["an unknown status", (request) => request.answer({ status: 418, token: "t1" }), 418, ...SERVER_ERROR],
    ["204 without a token", (request) => request.answer({ status: 204 }), 204, ...SERVER_ERROR],
    ["200 without a token", (request) => request.answer({ status: 200, messages: [] }), 200, ...SERVER_ERROR],
    [
      "messages that are no list",
      (request) => request.answer({ status: 200, token: "t1", messages: 5 }),
      undefined,
      ...SERVER_ERROR,
      "TypeError: messages.map is not a function",
    ],
    [
      "a message that is neither text nor base64",
      (request) => request.answer({ status: 200, token: "t1", messages: ["A?"] }),
      undefined,
      ...SERVER_ERROR,
      "InvalidCharacterError",
    ],
  ]

  /** A link whose server has read the token of the session. */
  async function polled(): ReturnType<typeof opened> {
    const { poll, ...link } = await opened()
    poll.answer({ status: 204, token: "t1", messages: [] })
    return { ...link, poll: await link.http.polls.next() }
  }

  async function expectEnd(
    log: LinkLog,
    [, , status, code, reason, message = `HTTP ${status}`]: Ending,
  ): Promise<void> {
    const [what, error] = await log.next()
    expect(what).toBe("error")
    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ status, message: expect.stringContaining(`long-poll: ${message}`) as string })
    expect(await log.next()).toEqual(["close", { code, reason, wasClean: false }])
  }

  it.each([
    ...both,
    ...toPolls,
    ["410 without a token", (r) => r.answer({ status: 410 }), 410, ...SERVER_ERROR] as Ending,
  ])("may come to the first poll: %s", async (...ending) => {
    const { http, log } = start()
    ending[1](await http.polls.next())
    await expectEnd(log, ending)
    await tasks()
    expect(http.quiet).toBe(true)
  })

  it.each([
    ...both,
    ...toPolls,
    [
      "the session is gone",
      (r) => r.answer({ status: 410, token: "t2", messages: [] }),
      410,
      3410,
      "session_gone",
    ] as Ending,
  ])("may come to a poll: %s", async (...ending) => {
    const { http, log, poll, link } = await polled()
    link.send("[1]")
    const post = await http.posts.next()
    ending[1](poll)
    await expectEnd(log, ending)
    expect(post.signal?.aborted).toBe(true)
    await tasks()
    expect(http.quiet).toBe(true)
  })

  it.each([
    ...both,
    ["the session is gone", (r) => r.answer({ status: 410 }), 410, ...SERVER_ERROR] as Ending,
    ["a refused line", (r) => r.answer({ status: 400, error: "line 1" }), 400, ...SERVER_ERROR] as Ending,
  ])("may come to a POST: %s", async (...ending) => {
    const { http, log, poll, link } = await polled()
    link.send("[1]")
    const post = await http.posts.next()
    link.send("[2]")
    ending[1](post)
    await expectEnd(log, ending)
    expect(poll.signal?.aborted).toBe(true)
    await tasks()
    expect(http.quiet).toBe(true)
  })

  it("may come before the server has read the token: the session is gone", async () => {
    const { http, log, poll } = await opened()
    poll.answer({ status: 410, token: "t2", messages: [] })
    const again = await http.polls.next()
    expect(again.url.searchParams.get("token")).toBe("t1")
    again.answer({ status: 410, token: "t3", messages: [] })
    await expectEnd(log, ["", () => {}, 410, 3410, "session_gone"])
    await tasks()
    expect(http.quiet).toBe(true)
  })

  it.each(["polls", "posts"] as const)("may fail to come within the time limit: of %s", async (late) => {
    vi.useFakeTimers()
    const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
    const { http, log, link } = start({ timeout: 700 })
    await pass(1)
    const first = await http.polls.next()
    first.answer({ status: 410, token: "t1", messages: [] })
    await pass(5)
    link.send("[1]")
    await pass(595)
    const poll = await http.polls.next()
    const post = await http.posts.next()
    expect(log.waiting).toEqual([["open", { textOnly: true, skipHeartbeat: true }]])
    if (late === "posts") poll.answer({ status: 204, token: "t1", messages: [] })
    else post.answer({ status: 200 })
    await pass(200)
    expect(log.waiting.slice(1)).toEqual([
      ["error", expect.objectContaining({ message: "long-poll: timeout", cause: "timeout" })],
      ["close", { code: 1005, reason: "timeout", wasClean: false }],
    ])
    // An answered request has nothing left to abort.
    expect([poll.signal?.aborted, post.signal?.aborted]).toEqual([late === "polls", late === "posts"])
    expect(vi.getTimerCount()).toBe(0)
  })

  it("may be waited for in vain with a fetch that knows no signals", async () => {
    vi.useFakeTimers()
    const log = new LinkLog()
    const never = (() => new Promise(() => {})) as unknown as typeof fetch
    longPoll({ fetch: never }).open(URL_OF_SOCKET, linkOptions(URL_OF_SOCKET, { timeout: 100 }), log)
    await vi.advanceTimersByTimeAsync(101)
    expect(log.waiting.map(([what]) => what)).toEqual(["error", "close"])
  })
})

it("lets a handler of open that throws end the link, and nothing else", async () => {
  const { http, log } = start()
  log.open = () => {
    throw new Error("a bug in the app")
  }
  ;(await http.polls.next()).answer({ status: 410, token: "t1", messages: [] })
  expect(await log.next()).toEqual(["error", expect.objectContaining({ cause: new Error("a bug in the app") })])
  expect((await log.next())[0]).toBe("close")
})
