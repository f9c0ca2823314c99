import { array, assert, asyncProperty, constantFrom, nat, record } from "fast-check"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Stage } from "../../support/api-stage.js"
import type { FakePage } from "../../support/fake-page.js"
import { phoenix, rookery, type ClientChannel, type ClientSocket, type Subject } from "../../support/libraries.js"

const EVENTS = ["echo", "fail", "noreply", "crash", "stop", "shout", "two_replies"]
const WAITS = [0, 1, 3, 20, 50, 400, 1100, 2500]

/** An app that does one step after another, with two rooms and any number of channels. */
class Walk {
  readonly t: Stage
  readonly page: FakePage
  readonly socket: ClientSocket
  readonly channels: ClientChannel[] = []
  wanted = false
  pushes = 0

  constructor(subject: Subject) {
    this.t = new Stage(subject)
    this.page = this.t.page()
    // The libraries wait different times to reconnect after a lost heartbeat, so no heartbeat is due here.
    this.socket = this.t.socket({ timeout: 3000, heartbeatIntervalMs: 1e8, reconnectAfterMs: () => 37 })
    this.socket.onError(() => this.t.note("socket error"))
    this.socket.onClose(({ code, reason, wasClean }) => this.t.note("socket close", { code, reason, wasClean }))
  }

  get open(): boolean {
    return this.t.server.sockets.length > 0 && this.t.server.socket.readyState === 1
  }

  channel(which: number): ClientChannel | undefined {
    return this.channels[which % this.channels.length]
  }
}

/** The steps of the app, the server and the page. A step does nothing where the libraries differ on purpose. */
const doings: Record<string, (walk: Walk, which: number) => void> = {
  connect(walk) {
    if (!walk.wanted) walk.socket.connect()
    walk.wanted = true
  },
  disconnect(walk) {
    if (walk.wanted) walk.socket.disconnect()
    walk.wanted = false
  },
  join({ t, socket, channels }, which) {
    const topic = `room:${which % 2}`
    if (channels.some((channel) => channel.topic === topic && channel.state === "errored")) return
    const name = `channel ${channels.length}`
    const channel = socket.channel(topic)
    channels.push(channel)
    t.seeChannel(channel, name)
    for (const event of ["hello", "shout"]) channel.on(event, t.see(`${name} ${event}`))
    t.seeAnswers(channel.join(), `${name} join`)
  },
  leave(walk, which) {
    const channel = walk.channel(which)
    if (channel === undefined || channel.state === "closed" || channel.state === "errored") return
    walk.t.seeAnswers(channel.leave(), "leave")
  },
  push(walk, which) {
    const event = EVENTS[which % EVENTS.length] ?? ""
    const push = walk.channel(which)?.push(event, { n: walk.pushes }, 200 + (which % 3000))
    if (push !== undefined) walk.t.seeAnswers(push, `${event} ${walk.pushes++}`)
  },
  broadcast({ t, open }, which) {
    if (open) t.server.broadcast(`room:${which % 2}`, "hello", { which })
  },
  "the server closes"({ t, open }, which) {
    if (open) t.server.socket.closeFromServer(which % 2 === 0 ? 1006 : 1011)
  },
  "the network fails"({ t, open }) {
    if (open) t.server.socket.fail()
  },
  "the server refuses"({ t }, which) {
    t.server.refuses = which % 3
  },
  "the server is silent"({ t }, which) {
    t.server.silent = which % 2 === 0
  },
  "the gate is closed"({ t }, which) {
    t.server.gateClosed = which % 2 === 0
  },
  "the page is hidden or shown"({ page, socket }, which) {
    if (socket.connectionState() === "connecting") return
    // Rookery checks an open connection when its page is shown again; phoenix.js does not.
    if (which % 2 === 0) page.hide()
    else if (socket.connectionState() !== "open") page.show()
  },
}

// Common steps appear several times, so that they are drawn more often.
const MANY = ["push", "push", "push", "push", "push", "join", "join", "join", "leave", "connect"]

const anySteps = array(
  record({ does: constantFrom(...Object.keys(doings), ...MANY), which: nat(10_000), waits: constantFrom(...WAITS) }),
  { minLength: 5, maxLength: 30 },
)

async function logOf(subject: Subject, steps: { does: string; which: number; waits: number }[]): Promise<string[]> {
  const walk = new Walk(subject)
  try {
    for (const { does, which, waits } of steps) {
      walk.t.note(`${does}:`)
      doings[does]?.(walk, which)
      await walk.t.after(waits)
    }
    walk.t.server.refuses = 0
    walk.t.server.silent = false
    await walk.t.after(20_000)
    const states = walk.channels.map(({ state }) => state)
    walk.t.note("in the end", walk.socket.connectionState(), states)
    return walk.t.log.lines
  } finally {
    vi.clearAllTimers()
    vi.unstubAllGlobals()
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it("whatever an app does in whatever order, both do the same", async () => {
  const property = asyncProperty(anySteps, async (steps) => {
    expect(await logOf(rookery, steps)).toEqual(await logOf(phoenix, steps))
  })
  await assert(property, { numRuns: 300, seed: 1816 })
})
