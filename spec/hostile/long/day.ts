import { setImmediate as nextTurn } from "node:timers/promises"
import { Socket, type Channel, type LinkEvents, type Transport } from "rookery"
import { Endpoint, type InProcessConnection } from "rookery/server"
import { FakeClock } from "../../support/fake-clock.js"
import { Chance } from "../random.js"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const TOKEN_LIFE = HOUR
const ROOMS = 20

/** The results of a time in a socket's life. */
export interface Day {
  hours: number
  heartbeats: number
  /** Accepted attempts; `refused` counts those with an expired token. */
  connections: number
  refused: number
  tokens: number
  drops: number
  pushes: number
  /** The number of pushes, by outcome. */
  readonly outcomes: Record<string, number>
  /** Broadcasts to rooms that recover: the expected ones, and those that came late, never, or twice. */
  numbered: number
  late: number
  lost: number
  doubled: number
  /** The most timers that waited at the same time. */
  timers: number
  /** The longest time without a connection, in milliseconds. */
  longestAway: number
}

/** A connection to the endpoint that can be cut, fall silent or be refused, and that carries heartbeats. */
class Line {
  readonly #events: LinkEvents
  #line: InProcessConnection | undefined
  #ended = false
  /** Whether the connection carries nothing any more without an end. */
  stalled = false

  constructor(events: LinkEvents) {
    this.#events = events
  }

  async open(endpoint: Endpoint, url: string): Promise<void> {
    try {
      const line = await endpoint.connectInProcess({
        params: new URL(url).search.slice(1),
        frame: (frame) => queueMicrotask(() => !this.#ended && !this.stalled && this.#events.frame(frame)),
        closed: (code) => queueMicrotask(() => this.end(code)),
      })
      if (this.#ended) return line.close()
      this.#line = line
      this.#events.open()
    } catch (error) {
      this.#events.error(error)
      this.end(1006)
    }
  }

  send(frame: string | Uint8Array): void {
    if (!this.stalled && !this.#ended) queueMicrotask(() => this.#line?.send(frame))
  }

  end(code: number): void {
    if (this.#ended) return
    this.#ended = true
    this.#events.close({ code, reason: "", wasClean: code !== 1006 })
    this.#line?.close()
  }
}

/** Runs a socket for some hours of fake time, while connections drop or fall silent and tokens expire. */
export async function liveThrough(hours: number, seed: number): Promise<Day> {
  const chance = new Chance(seed)
  const clock = new FakeClock()
  const outcomes: Record<string, number> = {}
  const day = {
    hours,
    heartbeats: 0,
    connections: 0,
    refused: 0,
    tokens: 0,
    drops: 0,
    pushes: 0,
    outcomes,
    numbered: 0,
    late: 0,
    lost: 0,
    doubled: 0,
    timers: 0,
    longestAway: 0,
  }

  const endpoint = new Endpoint({
    logger: false,
    limits: { pushesPerSecond: Infinity, framesPerSecond: Infinity },
    connect({ params }) {
      const good = Number((params as { token?: string }).token) > clock.now()
      if (good) day.connections++
      else day.refused++
      return good ? { id: "user:1" } : false
    },
  })
  endpoint.channel("room:*", {
    history: { size: 10, ttl: HOUR },
    joined: (room) => room.track("1", {}),
    receive: { echo: (payload: unknown) => payload },
  })

  const lines: Line[] = []
  const transport: Transport = {
    name: "a day",
    open(url, _options, events) {
      const line = new Line(events)
      lines.push(line)
      void line.open(endpoint, url)
      return {
        bufferedAmount: 0,
        send(frame) {
          if (typeof frame === "string" && frame.includes('"heartbeat"')) day.heartbeats++
          line.send(frame)
        },
        close: (code = 1000) => queueMicrotask(() => line.end(code)),
      }
    },
  }
  // A request within the last minute of a token gets a new one; sometimes the given token has expired already.
  let token = 0
  const renew = async (): Promise<object> => {
    await Promise.resolve()
    if (chance.happens(0.02)) return { token: clock.now() - 1 }
    if (token < clock.now() + MINUTE) {
      token = clock.now() + TOKEN_LIFE
      day.tokens++
    }
    return { token }
  }
  const socket = new Socket("ws://day.test/socket", {
    transport,
    clock,
    params: renew,
    random: () => chance.random(),
    pageEvents: false,
  })
  let away: number | undefined
  socket.onStatus((status) => {
    if (status !== "connected") away ??= clock.now()
    else {
      day.longestAway = Math.max(day.longestAway, clock.now() - (away ?? clock.now()))
      away = undefined
    }
  })
  socket.connect()
  const rooms: Channel[] = []
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) await nextTurn()
  }
  const pass = async (ms: number): Promise<void> => {
    const end = clock.now() + ms
    for (let next = clock.next(); next <= end; next = clock.next()) {
      clock.pass(next - clock.now())
      day.timers = Math.max(day.timers, clock.pending)
      await settle()
    }
    clock.pass(end - clock.now())
  }
  const push = (room: Channel, retry: boolean): void => {
    const n = day.pushes++
    room.push("echo", { n }, { retry }).then(
      (answer: { n: number }) => count(answer.n === n ? "ok" : "another's answer"),
      (error: unknown) => count((error as { code: string }).code),
    )
  }
  /** The number of the last received broadcast, by room. */
  const ticks = new Map<number, number>()
  const ticked = (which: number, n: number): void => {
    const last = ticks.get(which) ?? 0
    if (n <= last) day.doubled++
    else day.lost += n - last - 1
    ticks.set(which, Math.max(last, n))
    if (n < tick || clock.now() > tickAt) day.late++
  }
  let tick = 0
  let tickAt = 0
  const tellAll = (): void => {
    tick++
    tickAt = clock.now()
    for (let i = 0; i < ROOMS; i++) endpoint.broadcast(`room:${i}`, "tick", { n: tick })
    day.numbered += ROOMS / 2
  }
  const maybeDrop = (): void => {
    const line = lines.at(-1)
    if (!chance.happens(1 / 30)) return
    day.drops++
    if (chance.happens(0.3) && line !== undefined) line.stalled = true
    else line?.end(chance.of([1006, 1001, 1011, 1012, 1000]))
  }
  const count = (outcome: string): void => void (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1)

  try {
    for (let i = 0; i < ROOMS; i++) {
      const recover = i % 2 === 0
      const room = socket.channel(`room:${i}`, {}, { recover })
      rooms.push(room)
      if (recover) room.on("tick", ({ n }: { n: number }) => ticked(i, n))
      room.join()
    }
    // The first token may have expired; broadcasts before the first join are not expected.
    await pass(MINUTE)
    const minutes = hours * 60
    for (let minute = 0; minute < minutes; minute++) {
      maybeDrop()
      // The endpoint disconnects a client whose token expires.
      if (token < clock.now() + MINUTE) endpoint.disconnect("user:1")
      tellAll()
      await settle()
      for (let i = 0; i < 3; i++) push(chance.of(rooms), chance.happens(0.3))
      maybeDrop()
      await pass(MINUTE)
      // Connections that have ended are not needed any more.
      lines.splice(0, lines.length - 2)
    }
    await pass(5 * MINUTE)
    for (let i = 0; i < ROOMS; i += 2) day.lost += tick - (ticks.get(i) ?? 0)
    const strays = rooms.filter(({ state }) => state !== "joined")
    if (socket.status !== "connected" || strays.length > 0)
      throw new Error(`it ends ${socket.status}, ${strays.length} rooms not joined`)
    const { rookery_sockets: sockets, rookery_channels: channels } = endpoint.counters()
    if (sockets !== 1 || channels !== ROOMS)
      throw new Error(`the endpoint holds ${sockets} sockets and ${channels} channels`)
    socket.destroy()
    await settle()
    if (clock.pending > 0) throw new Error(`${clock.pending} timers wait after destroy`)
    return day
  } finally {
    socket.destroy()
    await endpoint.close({ deadlineMs: 0 })
  }
}
