import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { ConnectError } from "../../lib/protocol/errors.js"
import type { Frame } from "../../lib/protocol/frame.js"
import { withFallback, type FallbackOptions, type FallbackStorage } from "../../lib/transport/fallback.js"
import type { Link, LinkEvents, LinkOptions, Transport } from "../../lib/transport/transport.js"
import { FakeClock } from "../support/fake-clock.js"
import { LinkLog, linkOptions } from "../support/link-log.js"

const URL_OF_SOCKET = "ws://host/socket/websocket"

/** A link whose far end is the test. */
class FakeLink implements Link {
  bufferedAmount = 0
  readonly sent: Frame[] = []
  closedWith: [code?: number, reason?: string] | undefined

  constructor(
    readonly url: string,
    readonly options: LinkOptions,
    readonly events: LinkEvents,
  ) {}

  send(frame: Frame): void {
    this.sent.push(frame)
  }
  close(...closedWith: [code?: number, reason?: string]): void {
    this.closedWith = closedWith
  }
  /** Fails as a websocket does, with an error and then a close. */
  fail(error: unknown = new Error("refused")): void {
    this.events.error(error)
    this.lose()
  }
  lose(): void {
    this.events.close({ code: 1006, reason: "", wasClean: false })
  }
}

class FakeTransport implements Transport {
  readonly links: FakeLink[] = []
  throws: Error | undefined

  constructor(readonly name: string) {}

  open(url: string, options: LinkOptions, events: LinkEvents): Link {
    if (this.throws) throw this.throws
    const link = new FakeLink(url, options, events)
    this.links.push(link)
    return link
  }
  get last(): FakeLink {
    const link = this.links.at(-1)
    if (link === undefined) throw new Error(`${this.name} was not opened`)
    return link
  }
}

class FakeStorage implements FallbackStorage {
  readonly items = new Map<string, string>()
  getItem(key: string): string | null {
    return this.items.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value)
  }
}

const KEY = "phx:fallback:LongPoll"
let first: FakeTransport
let second: FakeTransport
let clock: FakeClock
let storage: FakeStorage
let transport: Transport

const make = (options: FallbackOptions = {}): Transport =>
  withFallback(first, second, { after: 1000, clock, storage, ...options })

const open = (): { log: LinkLog; link: Link } => {
  const log = new LinkLog()
  return { log, link: transport.open(URL_OF_SOCKET, linkOptions(URL_OF_SOCKET), log) }
}

/** The names of the events so far. */
const words = (log: LinkLog): string[] => log.waiting.map(([word]) => word)

beforeEach(() => {
  first = new FakeTransport("WebSocket")
  second = new FakeTransport("LongPoll")
  clock = new FakeClock()
  storage = new FakeStorage()
  transport = make()
})

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("while the first works", () => {
  it("hands everything through, and asks for a ping until a frame came", () => {
    const { log, link } = open()
    expect(first.last.url).toBe(URL_OF_SOCKET)
    first.last.events.open({ skipHeartbeat: true })
    expect(log.waiting).toEqual([["open", { skipHeartbeat: true, wantsPing: true }]])
    link.send("a")
    first.last.bufferedAmount = 7
    expect(link.bufferedAmount).toBe(7)
    expect(first.last.sent).toEqual(["a"])
    first.last.events.frame("b")
    clock.pass(10_000)
    first.last.events.error("e")
    first.last.events.close({ code: 1001, reason: "away", wasClean: true })
    expect(log.waiting.slice(1)).toEqual([
      ["frame", "b"],
      ["error", "e"],
      ["close", { code: 1001, reason: "away", wasClean: true }],
    ])
    expect(second.links).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it("is not left because nothing comes, if nobody pings the server", () => {
    const log = new LinkLog()
    transport.open(URL_OF_SOCKET, linkOptions(URL_OF_SOCKET, { neverPings: true }), log)
    first.last.events.open()
    clock.pass(60_000)
    expect([words(log), first.last.closedWith, second.links]).toEqual([["open"], undefined, []])
  })

  it("is never left for the second once it carried a frame: neither by failing, nor by being slow", () => {
    open()
    first.last.events.open()
    first.last.events.frame("b")
    first.last.lose()

    const failing = open()
    first.last.fail()
    expect(words(failing.log)).toEqual(["error", "close"])

    const slow = open()
    clock.pass(60_000)
    expect(slow.log.waiting).toEqual([])
    first.last.events.open()
    expect(slow.log.waiting).toEqual([["open", { wantsPing: false }]])
    clock.pass(60_000)
    first.last.lose()
    expect(words(slow.log)).toEqual(["open", "close"])
    expect(first.links).toHaveLength(3)
    expect(second.links).toEqual([])
    expect(storage.items.size).toBe(0)
  })

  it("has a name of both", () => {
    expect(transport.name).toBe("WebSocket or LongPoll")
  })
})

describe("the second is opened instead", () => {
  it("when the first fails before it opens", () => {
    const { log, link } = open()
    const error = new Error("refused")
    first.last.fail(error)
    // The link reports the error, and the attempt continues.
    expect(log.waiting).toEqual([["error", error]])
    expect(first.last.closedWith).toEqual([])
    expect(second.links).toHaveLength(1)
    expect([second.last.url, second.last.options]).toEqual([URL_OF_SOCKET, linkOptions(URL_OF_SOCKET)])
    second.last.events.open({ textOnly: true, skipHeartbeat: true })
    second.last.events.frame("a")
    link.send("b")
    second.last.bufferedAmount = 3
    expect(link.bufferedAmount).toBe(3)
    expect(second.last.sent).toEqual(["b"])
    link.close(1000, "bye")
    expect(second.last.closedWith).toEqual([1000, "bye"])
    second.last.events.close({ code: 1000, reason: "bye", wasClean: true })
    expect(words(log)).toEqual(["error", "open", "frame", "close"])
    expect(log.waiting[1]).toEqual(["open", { textOnly: true, skipHeartbeat: true }])
    expect(clock.pending).toBe(0)
  })

  it("when the first closes before it opens", () => {
    const { log } = open()
    first.last.lose()
    expect(log.waiting).toEqual([])
    expect(second.links).toHaveLength(1)
  })

  it("when the first does not open in time, whatever becomes of it later", () => {
    const { log } = open()
    clock.pass(999)
    expect(second.links).toEqual([])
    clock.pass(1)
    expect(second.links).toHaveLength(1)
    expect(first.last.closedWith).toEqual([])
    first.last.events.open()
    first.last.events.frame("a")
    first.last.fail()
    expect(log.waiting).toEqual([])
    expect(second.links).toHaveLength(1)
  })

  it("when there is no first here at all", () => {
    first.throws = new Error("there is no WebSocket here")
    const { log } = open()
    expect(second.links).toHaveLength(1)
    expect(clock.pending).toBe(0)
    second.last.events.open()
    expect(words(log)).toEqual(["open"])
  })

  it("opens the second at the next attempt, if the first opened and carried nothing", () => {
    const { log } = open()
    clock.pass(900)
    first.last.events.open()
    clock.pass(999)
    expect(words(log)).toEqual(["open"])
    clock.pass(1)
    expect(first.last.closedWith).toEqual([])
    expect(log.waiting.slice(1)).toEqual([
      ["error", expect.any(ConnectError)],
      ["close", { code: 1006, reason: "no answer", wasClean: false }],
    ])
    first.last.lose()
    expect(log.waiting).toHaveLength(3)
    open()
    expect([first.links.length, second.links.length]).toEqual([1, 1])
  })

  it("opens the second at the next attempt, if the first opened and was cut off before a frame", () => {
    const { log } = open()
    first.last.events.open()
    first.last.lose()
    expect(words(log)).toEqual(["open", "close"])
    expect(clock.pending).toBe(0)
    open()
    expect([first.links.length, second.links.length]).toEqual([1, 1])
  })

  it("not when the server closed the first as one does, with nothing said", () => {
    open()
    first.last.events.open()
    first.last.events.close({ code: 1012, reason: "", wasClean: true })
    open()
    expect([first.links.length, second.links.length]).toEqual([2, 0])
  })
})

describe("close", () => {
  it("while the first connects does not open the second", () => {
    const { log, link } = open()
    link.close(4000, "enough")
    expect(first.last.closedWith).toEqual([4000, "enough"])
    // A websocket that is closed before it opens fails.
    first.last.fail()
    clock.pass(60_000)
    expect(second.links).toEqual([])
    expect(words(log)).toEqual(["error", "close"])
    expect(clock.pending).toBe(0)
    open()
    expect(first.links).toHaveLength(2)
  })

  it("closing in the handler of the first's error does not open the second either", () => {
    const { log, link } = open()
    const error = log.error.bind(log)
    log.error = (reason) => {
      error(reason)
      link.close()
    }
    first.last.fail()
    expect(second.links).toEqual([])
    expect(words(log)).toEqual(["error", "close"])
    expect(clock.pending).toBe(0)
  })

  it("while the first waits for its first frame does not blame it", () => {
    const { log, link } = open()
    first.last.events.open()
    link.close()
    first.last.lose()
    clock.pass(60_000)
    expect(words(log)).toEqual(["open", "close"])
    open()
    expect([first.links.length, second.links.length]).toEqual([2, 0])
  })

  it("while the second connects closes that one", () => {
    const { log, link } = open()
    first.last.lose()
    link.close(1000)
    expect(second.last.closedWith?.[0]).toBe(1000)
    second.last.events.close({ code: 1000, reason: "", wasClean: true })
    expect(words(log)).toEqual(["close"])
  })
})

describe("memory", () => {
  it("keeps the second for this page once it opened, and in storage if the first never worked", () => {
    open()
    first.last.lose()
    expect(storage.items.size).toBe(0)
    second.last.events.open()
    expect([...storage.items]).toEqual([[KEY, "true"]])
    second.last.lose()
    open()
    expect([first.links.length, second.links.length]).toEqual([1, 2])
  })

  it("begins with the second where storage says so", () => {
    storage.setItem(KEY, "true")
    transport = make()
    const { log } = open()
    expect([first.links.length, second.links.length]).toEqual([0, 1])
    expect(clock.pending).toBe(0)
    second.last.events.open()
    expect(log.waiting).toEqual([["open"]])
  })

  it("goes back to the first when the second does not open either", () => {
    open()
    first.last.lose()
    second.last.lose()
    expect(storage.items.size).toBe(0)
    open()
    expect([first.links.length, second.links.length]).toEqual([2, 1])
  })

  it("goes back to the first when what storage said is no longer true", () => {
    storage.setItem(KEY, "true")
    transport = make()
    open()
    second.last.lose()
    open()
    expect([first.links.length, second.links.length]).toEqual([1, 1])
  })

  it("is the page's sessionStorage, if nothing else is given", () => {
    vi.stubGlobal("sessionStorage", storage)
    transport = withFallback(first, second, { clock })
    open()
    first.last.lose()
    second.last.events.open()
    expect([...storage.items]).toEqual([[KEY, "true"]])
  })

  it("does without a storage that is missing, forbidden or full", () => {
    const forbidden = (): never => {
      throw new Error("SecurityError")
    }
    vi.stubGlobal("sessionStorage", undefined)
    const missing = withFallback(first, second, { clock })
    vi.unstubAllGlobals()
    Object.defineProperty(globalThis, "sessionStorage", { get: forbidden, configurable: true })
    const hidden = withFallback(first, second, { clock })
    Reflect.deleteProperty(globalThis, "sessionStorage")
    const unreadable = withFallback(first, second, { clock, storage: { getItem: forbidden, setItem: forbidden } })
    for (transport of [missing, hidden, unreadable]) {
      const { log } = open()
      first.last.lose()
      second.last.events.open()
      expect(words(log)).toEqual(["open"])
    }
  })
})

it("waits 2.5 seconds if nothing else is said", () => {
  transport = withFallback(first, second, { clock, storage })
  open()
  clock.pass(2499)
  expect(second.links).toEqual([])
  clock.pass(1)
  expect(second.links).toHaveLength(1)
})
