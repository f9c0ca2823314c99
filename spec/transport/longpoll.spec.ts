import { afterEach, describe, expect, it, vi } from "vitest"
import { bytes } from "../../fixtures/vectors.js"
import { ConnectError } from "../../lib/protocol/errors.js"
import { longPoll } from "../../lib/transport/longpoll.js"
import { FakeFetch } from "../support/fake-fetch.js"
import { LinkLog, linkOptions } from "../support/link-log.js"
import { opened, start, tasks } from "../support/longpoll-link.js"
import { readRecording } from "../support/recordings.js"

afterEach(() => {
  vi.useRealTimers()
})

describe("a session", () => {
  it("begins with a poll without a token, and goes on with the one it got", async () => {
    const { http, log } = start()
    const first = await http.polls.next()
    expect(first.url.href).toBe("http://host/socket/longpoll?user=ada&vsn=2.0.0")
    expect(first.headers.get("accept")).toBe("application/json")
    expect(log.waiting).toEqual([])
    first.answer({ status: 410, token: "a/b+c", messages: [] })
    expect(await log.next()).toEqual(["open", { textOnly: true, skipHeartbeat: true }])
    const second = await http.polls.next()
    // The URL stands in logs.
    expect(second.url.href).toBe("http://host/socket/longpoll?user=ada&vsn=2.0.0")
    expect(second.headers.get("x-phoenix-longpoll-token")).toBe("a/b+c")
  })

  it("goes on with its token in the query where the server does not read the header, and loses no frame", async () => {
    const { http, log, link, poll } = await opened()
    link.send("[1]")
    const post = await http.posts.next()
    expect([poll, post].map(({ url }) => url.searchParams.get("token"))).toEqual([null, null])
    // To such a server both are requests without a session, and the poll begins another one.
    poll.answer({ status: 410, token: "another", messages: [] })
    post.answer({ status: 410 })
    const polledAgain = await http.polls.next()
    const postedAgain = await http.posts.next()
    expect(polledAgain.url.href).toBe("http://host/socket/longpoll?user=ada&vsn=2.0.0&token=t1")
    expect([postedAgain.url.href, postedAgain.body]).toEqual([polledAgain.url.href, "[1]"])
    postedAgain.answer({ status: 200 })
    polledAgain.answer({ status: 200, token: "t/2", messages: ["[2]"] })
    expect(await log.next()).toEqual(["frame", "[2]"])
    expect((await http.polls.next()).url.href).toBe("http://host/socket/longpoll?user=ada&vsn=2.0.0&token=t%2F2")
    expect([log.waiting, http.quiet]).toEqual([[], true])
  })

  it("takes a new token when the server gives one", async () => {
    const { http, poll } = await opened()
    poll.answer({ status: 204, token: "t2", messages: [] })
    expect((await http.polls.next()).headers.get("x-phoenix-longpoll-token")).toBe("t2")
  })

  it.each([
    ["ws://host/socket/websocket", "http://host/socket/longpoll"],
    ["wss://host/socket/websocket?a=1", "https://host/socket/longpoll?a=1"],
    ["ws://websocket/websocket/websocket?to=/websocket", "http://websocket/websocket/longpoll?to=/websocket"],
  ])("a session of %s is polled at %s", async (url, expected) => {
    const http = new FakeFetch()
    longPoll({ fetch: http.fetch }).open(url, linkOptions(url), new LinkLog())
    expect((await http.polls.next()).url.href).toBe(expected)
  })

  it("asks for a serializer of text, whatever the websocket would have asked for", async () => {
    const http = new FakeFetch()
    const url = "ws://host/socket/websocket?vsn="
    longPoll({ fetch: http.fetch }).open(`${url}3.0.0`, linkOptions(`${url}2.0.0`), new LinkLog())
    expect((await http.polls.next()).url.searchParams.get("vsn")).toBe("2.0.0")
  })

  it("shows its auth token in the header of every poll, as bytes a header may have", async () => {
    const { http, poll, link } = await opened({ authToken: "tok-é" })
    expect(poll.headers.get("x-phoenix-authtoken")).toBe("tok-\u00c3\u00a9")
    link.send("[]")
    expect((await http.posts.next()).headers.get("x-phoenix-authtoken")).toBe(null)
  })
})

describe("what comes in", () => {
  it("arrives in order, each in a task of its own", async () => {
    const { http, log, poll } = await opened()
    const order: string[] = []
    const frame = log.frame.bind(log)
    log.frame = (data) => {
      order.push(data as string)
      queueMicrotask(() => order.push(`after ${data as string}`))
      frame(data)
    }
    poll.answer({ status: 200, token: "t1", messages: ["[1]", "[2]", "[3]"] })
    const next = await http.polls.next()
    next.answer({ status: 200, token: "t1", messages: ["[4]"] })
    for (const text of ["[1]", "[2]", "[3]", "[4]"]) expect(await log.next()).toEqual(["frame", text])
    expect(order.slice(0, 6)).toEqual(["[1]", "after [1]", "[2]", "after [2]", "[3]", "after [3]"])
  })

  it("is all told before the end that the next poll brings", async () => {
    const { http, log, poll } = await opened()
    poll.answer({ status: 200, token: "t1", messages: ["[1]", "[2]"] })
    const next = await http.polls.next()
    next.answer({ status: 410, token: "t2", messages: [] })
    expect(await log.next()).toEqual(["frame", "[1]"])
    expect(await log.next()).toEqual(["frame", "[2]"])
    expect(await log.next()).toEqual(["error", expect.any(ConnectError)])
  })

  it("is bytes where the server had to write base64", async () => {
    const { log, poll } = await opened()
    const frame = bytes(2, 1, 1, "re", 0xff)
    poll.answer({
      status: 200,
      token: "t1",
      messages: ['{"topic":"t"}', Buffer.from(frame).toString("base64"), '["a"]'],
    })
    expect(await log.next()).toEqual(["frame", '{"topic":"t"}'])
    expect(await log.next()).toEqual(["frame", frame])
    expect(await log.next()).toEqual(["frame", '["a"]'])
  })

  it("is the bytes of the reply that was recorded of a real Phoenix", async () => {
    const { log, poll } = await opened()
    const { exchanges } = readRecording("lp_binary")
    const { messages } = JSON.parse(exchanges[4]?.response_body ?? "") as { messages: string[] }
    poll.answer({ status: 200, token: "t1", messages })
    expect(await log.next()).toEqual(["frame", bytes(1, 1, 1, 7, 2, "12room:lpokabc")])
  })

  it.each([
    ["a reply", "\u0001\u0001\u0001\u0006\u000212room:1okhi", [1, 1, 1, 6, 2, "12room:1okhi"]],
    ["a push", "\u0000\u0001\u0006\u00031room:1bin", [0, 1, 6, 3, "1room:1bin"]],
    ["a broadcast", "\u0002\u0006\u0003room:1bin[1]", [2, 6, 3, "room:1bin[1]"]],
    ["a broadcast of a topic beyond ASCII", "\u0002\u0002\u0001éeü☃😀\u0000", [2, 2, 1, "éeü☃😀\u0000"]],
  ])("is the bytes of %s that Phoenix wrote into its JSON because they are UTF-8", async (_what, message, parts) => {
    const { log, poll } = await opened()
    poll.answer({ status: 200, token: "t1", messages: [message, '["a"]'] })
    expect(await log.next()).toEqual(["frame", bytes(...parts)])
    expect(await log.next()).toEqual(["frame", '["a"]'])
  })

  it("stays away after the link was closed, though its poll had been answered", async () => {
    const { http, log, link, poll } = await opened()
    poll.answer({ status: 200, token: "t1", messages: ["[1]", "[2]"] })
    const frame = log.frame.bind(log)
    log.frame = (data) => {
      frame(data)
      link.close()
    }
    expect(await log.next()).toEqual(["frame", "[1]"])
    expect(await log.next()).toEqual(["close", { code: 1005, reason: "", wasClean: true }])
    await tasks()
    expect(log.waiting).toEqual([])
    expect((await http.polls.next()).signal?.aborted).toBe(true)
  })
})

describe("what goes out", () => {
  it("leaves in one POST if it was sent in one go", async () => {
    const { http, link } = await opened()
    link.send("[1]")
    link.send("[2]")
    expect(http.posts.waiting).toEqual([])
    const post = await http.posts.next()
    expect(post.url.href).toBe("http://host/socket/longpoll?user=ada&vsn=2.0.0")
    expect(post.headers.get("x-phoenix-longpoll-token")).toBe("t1")
    expect(post.headers.get("content-type")).toBe("application/x-ndjson")
    expect(post.lines).toEqual(["[1]", "[2]"])
  })

  it("waits while a POST is under way, and leaves in the next one", async () => {
    const { http, link } = await opened()
    link.send("[1]")
    const first = await http.posts.next()
    link.send("[2]")
    link.send("[3]")
    await tasks()
    expect(http.posts.waiting).toEqual([])
    first.answer({ status: 200 })
    const second = await http.posts.next()
    expect(second.lines).toEqual(["[2]", "[3]"])
    second.answer({ status: 200 })
    await tasks()
    link.send("[4]")
    expect((await http.posts.next()).lines).toEqual(["[4]"])
  })

  it("leaves in order, at most a hundred at a time", async () => {
    const { http, link } = await opened()
    const sent = Array.from({ length: 250 }, (_, i) => `[${i}]`)
    for (const frame of sent) link.send(frame)
    const seen: string[] = []
    for (const size of [100, 100, 50]) {
      const post = await http.posts.next()
      expect(post.lines).toHaveLength(size)
      seen.push(...post.lines)
      post.answer({ status: 200 })
    }
    expect(seen).toEqual(sent)
  })

  it("leaves in requests that a server takes: below a mebibyte, unless one message alone is larger", async () => {
    const { http, link } = await opened()
    // Three bytes each in UTF-8.
    const [long, whole, short] = ["€".repeat(200_000), "€".repeat(400_000), "€"]
    const sent = [long, short, long, whole, short, short]
    for (const line of sent) link.send(line)
    const posts: string[][] = []
    while (posts.flat().length < sent.length) {
      const post = await http.posts.next()
      posts.push(post.lines)
      post.answer({ status: 200 })
    }
    expect(posts.flat()).toEqual(sent)
    expect(posts.at(-1)).toEqual([short, short])
    const together = posts.filter((lines) => lines.length > 1).map((lines) => Buffer.byteLength(lines.join("\n")))
    expect(Math.max(...together)).toBeLessThan(1 << 20)
  })

  it("is base64 where it is bytes, of a view only what it shows", async () => {
    const { http, link } = await opened()
    const all = Uint8Array.from({ length: 300 }, (_, i) => i)
    link.send(all.subarray(10, 290))
    expect((await http.posts.next()).lines).toEqual([Buffer.from(all.subarray(10, 290)).toString("base64")])
  })

  it("counts as buffered until the server has it", async () => {
    const { http, link } = await opened()
    expect(link.bufferedAmount).toBe(0)
    link.send("[12345678]")
    link.send("[2]")
    expect(link.bufferedAmount).toBe(13)
    const post = await http.posts.next()
    link.send("[3]")
    expect(link.bufferedAmount).toBe(16)
    post.answer({ status: 200 })
    const next = await http.posts.next()
    expect(link.bufferedAmount).toBe(3)
    next.answer({ status: 200 })
    await tasks()
    expect(link.bufferedAmount).toBe(0)
  })
})

describe("close", () => {
  it("aborts both requests, and tells it once", async () => {
    const { http, log, link, poll } = await opened()
    link.send("[1]")
    const post = await http.posts.next()
    link.send("[2]")
    link.close(1000, "bye")
    expect([poll.signal?.aborted, post.signal?.aborted]).toEqual([true, true])
    expect(link.bufferedAmount).toBe(0)
    link.close()
    link.send("[3]")
    expect(await log.next()).toEqual(["close", { code: 1000, reason: "bye", wasClean: true }])
    await tasks()
    expect(log.waiting).toEqual([])
    expect(http.quiet).toBe(true)
  })

  it("closing before the first poll makes no request at all", async () => {
    const { http, log, link } = start()
    link.close()
    expect(await log.next()).toEqual(["close", { code: 1005, reason: "", wasClean: true }])
    await tasks()
    expect(http.quiet).toBe(true)
  })

  it("while the session is asked for does not open it", async () => {
    const { http, log, link } = start()
    const first = await http.polls.next()
    link.close()
    first.answer({ status: 410, token: "t1", messages: [] })
    expect(await log.next()).toEqual(["close", { code: 1005, reason: "", wasClean: true }])
    await tasks()
    expect(log.waiting).toEqual([])
  })

  it("closing in the handler of open ends the session there", async () => {
    const { http, log, link } = start()
    log.open = () => link.close()
    const first = await http.polls.next()
    first.answer({ status: 410, token: "t1", messages: ["[1]"] })
    expect(await log.next()).toEqual(["close", { code: 1005, reason: "", wasClean: true }])
    await tasks()
    expect(log.waiting).toEqual([])
    expect(http.quiet).toBe(true)
  })

  it("leaves no timer behind", async () => {
    vi.useFakeTimers()
    const { http, log, link } = start()
    await vi.advanceTimersByTimeAsync(0)
    const first = await http.polls.next()
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    first.answer({ status: 410, token: "t1", messages: [] })
    await vi.advanceTimersByTimeAsync(1)
    link.send("[1]")
    link.close()
    await vi.advanceTimersByTimeAsync(1)
    expect(vi.getTimerCount()).toBe(0)
    expect(log.waiting.map(([what]) => what)).toEqual(["open", "close"])
  })
})
