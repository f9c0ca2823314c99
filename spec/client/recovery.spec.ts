import { array, assert, asyncProperty, constantFrom, nat, oneof, record } from "fast-check"
import { describe, expect, it } from "vitest"
import type { Channel, Message, Recovery, Socket } from "rookery"
import { msgpack } from "rookery/msgpack"
import { after, fate, joined, settled, staged, withFakeTime } from "../support/client.js"
import { HistoryServer } from "../support/history-server.js"
import type { StagedLine, StagedOptions, StagedTransport } from "../support/staged-transport.js"

withFakeTime()

interface Told {
  readonly socket: Socket
  readonly stage: StagedTransport
  readonly room: Channel
  /** The payloads of `n` and the reports of recovery, in order. */
  readonly told: unknown[]
}

const recoveryOf = ({ recovered }: Recovery): string => (recovered ? "recovered" : "lost")

function recovering(params?: object, stageOptions: StagedOptions = { plays: false }): Told {
  const { socket, stage } = staged({}, stageOptions)
  const room = socket.channel("room:1", params, { recover: true })
  const told: unknown[] = []
  room.on("n", (payload) => told.push(payload))
  room.onRecovered((recovery) => told.push(recoveryOf(recovery)))
  socket.connect()
  room.join()
  return { socket, stage, room, told }
}

const asked = (line: StagedLine): unknown => (line.last("phx_join").payload as { recover?: unknown }).recover

/** Answers the join on a connection. */
async function answer(line: StagedLine, recover?: object): Promise<void> {
  line.reply(line.last("phx_join"), "ok", recover ? { recover } : {})
  await settled()
}

const broadcast = (line: StagedLine, payload: unknown, offset: number, more: Partial<Message> = {}): void =>
  line.send({ topic: "room:1", event: "n", payload, offset, ...more })

/** Opens the next connection, and returns it once the join is sent on it. */
async function nextLine(stage: StagedTransport, lost?: StagedLine): Promise<StagedLine> {
  lost?.close()
  await after(lost ? 100 : 0)
  stage.line.open()
  await settled()
  return stage.line
}

async function joinedAt(offset: number, params?: object, stageOptions?: StagedOptions): Promise<Told> {
  const all = recovering(params, stageOptions)
  await answer(await nextLine(all.stage), { epoch: "e", offset, recovered: false })
  return all
}

describe("a channel that recovers", () => {
  it("sends what a handler of the report pushes behind the pushes that waited", async () => {
    const { stage, room } = recovering()
    const line = await nextLine(stage)
    await answer(line, { epoch: "e", offset: 3, recovered: false })
    room.onRecovered(() => room.push("from the handler"))
    line.close()
    room.push("first")
    room.push("second")
    const next = await nextLine(stage, line)
    await answer(next, { epoch: "e", offset: 9, recovered: true })
    expect(next.received.map(({ event }) => event)).toEqual(["phx_join", "first", "second", "from the handler"])
  })

  it("does not take the answer to a join for that of another one, which a handler of the report began", async () => {
    const { stage, room } = recovering()
    const line = await nextLine(stage)
    await answer(line, { epoch: "e", offset: 3, recovered: false })
    const answers: unknown[] = []
    room.onRecovered(() => {
      room.leave()
      room.join().receive("ok", (response) => answers.push(response))
    })
    const next = await nextLine(stage, line)
    await answer(next, { epoch: "f", offset: 9, recovered: false })
    expect([next.of("phx_join").length, room.state, answers]).toEqual([2, "joining", []])
  })

  it("says who it is with its first join, and where it stands with the next", async () => {
    const { stage } = recovering({ name: "Ada" })
    const first = await nextLine(stage)
    const { id } = asked(first) as { id: string }
    expect(id).toMatch(/^[\w.]{1,64}$/)
    expect(first.last("phx_join").payload).toEqual({ name: "Ada", recover: { id } })
    await answer(first, { epoch: "e", offset: 4, recovered: false })
    broadcast(first, "five", 5)
    const second = await nextLine(stage, first)
    expect(second.last("phx_join").payload).toEqual({ name: "Ada", recover: { id, epoch: "e", offset: 5 } })
  })

  it("goes by another name on another socket, and by one on all channels of a socket", async () => {
    const names: unknown[] = []
    for (const random of [0.25, 0.75]) {
      const { socket, stage } = staged({ random: () => random })
      socket.connect()
      for (const topic of ["room:1", "room:2"]) socket.channel(topic, {}, { recover: true }).join()
      await settled()
      names.push(...stage.line.of("phx_join").map(({ payload }) => (payload as { recover: { id: string } }).recover.id))
      socket.destroy()
    }
    expect([names[0] === names[1], names[2] === names[3], names[0] === names[2]]).toEqual([true, true, false])
  })

  it("is told that it has everything, then gets what it missed, then what is new", async () => {
    const { stage, told } = await joinedAt(0)
    broadcast(stage.line, 1, 1)
    const line = await nextLine(stage, stage.line)
    line.reply(line.last("phx_join"), "ok", { recover: { epoch: "e", offset: 3, recovered: true } })
    for (const n of [2, 3, 4]) broadcast(line, n, n)
    expect(told).toEqual([1, "recovered", 2, 3, 4])
  })

  it("is told when something is lost, and goes on from where the topic stands", async () => {
    const { stage, told } = await joinedAt(1)
    const line = await nextLine(stage, stage.line)
    await answer(line, { epoch: "e", offset: 90, recovered: false })
    broadcast(line, 91, 91)
    expect(told).toEqual(["lost", 91])
    expect(asked(await nextLine(stage, line))).toMatchObject({ epoch: "e", offset: 91 })
  })

  it("takes a new epoch, whose offsets begin anew", async () => {
    const { stage, told } = await joinedAt(70)
    const line = await nextLine(stage, stage.line)
    await answer(line, { epoch: "f", offset: 2, recovered: false })
    broadcast(line, "three", 3)
    expect(told).toEqual(["lost", "three"])
    expect(asked(await nextLine(stage, line))).toMatchObject({ epoch: "f", offset: 3 })
  })

  it("drops a message that came before", async () => {
    const { stage, told } = await joinedAt(0)
    for (const offset of [1, 2, 2, 1, 3]) broadcast(stage.line, offset, offset)
    expect(told).toEqual([1, 2, 3])
  })

  it("takes all of what the server made of one broadcast for this channel", async () => {
    const { stage, room, told } = await joinedAt(0)
    for (const part of ["a", "b"]) broadcast(stage.line, part, 1, { join_ref: room.joinRef() })
    expect(told).toEqual(["a", "b"])
    expect(asked(await nextLine(stage, stage.line))).toMatchObject({ offset: 1 })
  })

  it("takes messages without an offset as they come", async () => {
    const { stage, told } = await joinedAt(5)
    for (const payload of ["a", "a"]) stage.line.send({ topic: "room:1", event: "n", payload })
    expect(told).toEqual(["a", "a"])
    expect(asked(await nextLine(stage, stage.line))).toMatchObject({ offset: 5 })
  })

  it("does not forget what is missing when an earlier join is let in too late", async () => {
    const { stage, told } = await joinedAt(1)
    const line = await nextLine(stage, stage.line)
    const late = line.last("phx_join")
    // Too late: what was missed is lost by now, and so says the answer that nobody waits for any more.
    await after(10_000)
    line.reply(late, "ok", { recover: { epoch: "e", offset: 90, recovered: false } })
    broadcast(line, 91, 91)
    await after(1000)
    expect(asked(line)).toMatchObject({ epoch: "e", offset: 1 })
    await answer(line, { epoch: "e", offset: 91, recovered: false })
    expect(told).toEqual(["lost"])
  })

  it("begins anew when it is joined after it was left", async () => {
    const { stage, room, told } = await joinedAt(7)
    room.leave()
    room.join()
    await settled()
    expect(asked(stage.line)).toEqual({ id: expect.any(String) })
    await answer(stage.line, { epoch: "e", offset: 9, recovered: false })
    expect(told).toEqual([])
  })

  it("tells of a recovery also after the channel alone crashed", async () => {
    const { stage, room, told } = await joinedAt(0)
    stage.line.send({ topic: "room:1", event: "phx_error", join_ref: room.joinRef() })
    await after(1000)
    await answer(stage.line, { epoch: "e", offset: 1, recovered: true })
    broadcast(stage.line, 1, 1)
    expect(told).toEqual(["recovered", 1])
  })

  it.each([
    ["JSON, in frames of a kind of their own", undefined],
    ["MessagePack", msgpack()],
  ])("counts bytes too, under %s", async (_name, serializer) => {
    const { socket, stage } = staged(serializer ? { serializer } : {}, {
      plays: false,
      ...(serializer && { serializer }),
    })
    const room = socket.channel("room:1", {}, { recover: true })
    const bytes: number[][] = []
    room.on("n", (payload: ArrayBuffer) => bytes.push([...new Uint8Array(payload)]))
    socket.connect()
    room.join()
    await answer(await nextLine(stage), { epoch: "e", offset: 300, recovered: false })
    for (const offset of [301, 301, 302]) broadcast(stage.line, Uint8Array.of(offset - 300, 255), offset)
    broadcast(stage.line, Uint8Array.of(3), 303, { join_ref: room.joinRef() })
    expect(bytes).toEqual([[1, 255], [2, 255], [3]])
    expect(asked(await nextLine(stage, stage.line))).toMatchObject({ offset: 303 })
  })

  it("gets the answer that the server's join gave, without what is there for the recovery", async () => {
    const { room, stage } = recovering()
    const replies: unknown[] = []
    room.joinPush.receive("ok", (response) => replies.push(response))
    const join = room.joinPush.then((response) => replies.push(response))
    const line = await nextLine(stage)
    const recover = { epoch: "e", offset: 4, recovered: false }
    line.reply(line.last("phx_join"), "ok", { members: 2, recover })
    await join
    expect(replies).toEqual([{ members: 2 }, { members: 2 }])
  })

  it("is what socket.join() makes of the option, too", async () => {
    const { socket, stage } = staged()
    socket.connect()
    await socket.join("room:1", {}, { recover: true, timeout: 500 })
    expect(asked(stage.line)).toEqual({ id: expect.any(String) })
  })
})

describe("against a server that knows nothing of it", () => {
  it("a channel that recovers is joined, hears everything, and is told after each rejoin that nobody knows", async () => {
    const { stage, told } = recovering()
    const first = await nextLine(stage)
    await answer(first)
    first.send({ topic: "room:1", event: "n", payload: 1 })
    expect(told).toEqual([1])
    const second = await nextLine(stage, first)
    await answer(second)
    second.send({ topic: "room:1", event: "n", payload: 2 })
    expect(told).toEqual([1, "lost", 2])
  })

  it("any other answer to the join will do", async () => {
    for (const response of [null, "welcome", 7, ["a"], { recover: null }, { recover: "yes" }]) {
      const { socket, stage, told } = recovering()
      for (let lost: StagedLine | undefined; stage.lines.length < 2; lost = stage.line) {
        const line = await nextLine(stage, lost)
        line.reply(line.last("phx_join"), "ok", response)
        await settled()
      }
      expect(told).toEqual(["lost"])
      socket.destroy()
    }
  })
})

describe("a channel that does not recover", () => {
  it("says nothing of it, and takes what it is sent", async () => {
    const { socket, stage } = staged()
    const room = socket.channel("room:1", { name: "Ada" })
    const told: unknown[] = []
    room.on("n", (payload) => told.push(payload))
    room.onRecovered(() => told.push("recovery"))
    socket.connect()
    room.join()
    await settled()
    for (const offset of [2, 1, 1]) broadcast(stage.line, offset, offset)
    stage.line.close()
    await after(100)
    expect(stage.line.last("phx_join").payload).toEqual({ name: "Ada" })
    expect(told).toEqual([2, 1, 1])
  })

  it("joins with whatever its params are", async () => {
    for (const params of [Uint8Array.of(1, 2), ["a"], new Map()]) {
      const payloads: unknown[] = []
      const { socket, stage } = staged({ encode: ({ payload }) => payloads.push(payload) })
      stage.plays = false
      socket.channel("room:1", params).join()
      socket.connect()
      stage.line.open()
      expect(payloads).toEqual([params])
      socket.destroy()
    }
  })
})

describe("a push that may be sent again", () => {
  it("a push with retry keeps its id, has another ref on each connection, and settles once", async () => {
    const { room, stage } = await joinedAt(0)
    const push = room.push("save", { a: 1 }, { retry: true })
    const answers: unknown[] = []
    push.receive("ok", (response) => answers.push(response))
    const first = stage.line.last("save")
    await answer(await nextLine(stage, stage.line), { epoch: "e", offset: 0, recovered: true })
    const second = stage.line.last("save")
    const [[ref, id], [otherRef, otherId]] = [first, second].map((message) => String(message.ref).split("~")) as [
      string[],
      string[],
    ]
    expect([id, ref === otherRef, second.payload]).toEqual([otherId, false, { a: 1 }])
    expect(id).toBeTruthy()
    // An answer to the ref of the lost connection, arriving on the new one, is ignored.
    stage.line.reply(first, "ok", "early")
    expect(await fate(push)).toBe("pending")
    stage.line.reply(second, "ok", "saved")
    stage.line.reply(second, "ok", "saved twice")
    expect([await push, answers]).toEqual(["saved", ["saved"]])
  })

  it("has an id of its own, and one without retry has none", async () => {
    const { room, stage } = await joinedAt(0)
    for (const retry of [true, true, false]) room.push("save", {}, { retry })
    const refs = stage.line.of("save").map(({ ref }) => String(ref).split("~"))
    expect(refs.map((parts) => parts.length)).toEqual([2, 2, 1])
    expect(refs[0]?.[1]).not.toBe(refs[1]?.[1])
  })
})

describe("history()", () => {
  it("takes the options of a push", async () => {
    const { room } = await joined()
    const signal = AbortSignal.abort(new Error("enough"))
    await expect(room.history({ limit: 1 }, { signal })).rejects.toMatchObject({ code: "aborted" })
    const late = room.history({ limit: 1 }, 50)
    await Promise.all([expect(late).rejects.toMatchObject({ code: "timeout" }), after(50)])
  })

  it("asks for a piece and gives it", async () => {
    const { room, stage } = await joinedAt(0)
    const piece = room.history({ since: 3, limit: 2 })
    const newest = room.history()
    expect(stage.line.of("phx_history").map(({ payload }) => payload)).toEqual([{ since: 3, limit: 2 }, {}])
    const [message] = stage.line.of("phx_history") as [Message]
    const response = { epoch: "e", newest: 5, complete: true, messages: [{ offset: 4, event: "n", payload: 4 }] }
    stage.line.reply(message, "ok", response)
    expect(await piece).toEqual(response)
    expect(await fate(newest)).toBe("pending")
  })
})

describe("a connection with random faults", () => {
  const act = oneof(
    { weight: 4, arbitrary: record({ kind: constantFrom("publish", "push"), times: nat(4) }) },
    { weight: 2, arbitrary: record({ kind: constantFrom("cut", "slow", "repeat"), times: nat(1) }) },
    { weight: 2, arbitrary: record({ kind: constantFrom("wait", "cutAfter"), times: nat(6) }) },
    { weight: 1, arbitrary: record({ kind: constantFrom("waitLong", "restart"), times: nat(1) }) },
  )

  const doings = array(act, { minLength: 10, maxLength: 50, size: "max" })

  interface Walk extends Told {
    readonly server: HistoryServer
    readonly answers: Promise<unknown>[]
    published: number
  }

  async function walk(size: number, acts: { kind: string; times: number }[], restarts: boolean): Promise<Walk> {
    const all: Walk = { ...recovering(), answers: [], published: 0, server: undefined as never }
    const server = new HistoryServer(all.stage, size)
    const serve = async (ms = 0): Promise<void> => {
      await after(ms)
      server.serve()
      await settled()
      server.serve()
      await settled()
    }
    await serve()
    const doing: Record<string, (times: number) => unknown> = {
      publish: (times) => {
        for (let i = 0; i <= times; i++) server.publish(++all.published)
      },
      push: (times) => {
        for (let i = 0; i <= times; i++) {
          const n = all.answers.length
          all.answers.push(Promise.resolve(all.room.push("count", n, { retry: true, timeout: 1e9 })))
        }
      },
      cut: () => server.cut(),
      cutAfter: (times) => (server.linesLast = times),
      slow: () => (server.slow = !server.slow),
      repeat: () => server.repeat(),
      restart: () => restarts && server.restart(),
      wait: (times) => serve(20 * times),
      waitLong: () => serve(11_000),
    }
    for (const { kind, times } of acts) {
      await doing[kind]?.(times)
      await serve()
    }
    server.slow = false
    server.linesLast = Infinity
    for (let i = 0; i < 4; i++) await serve(15_000)
    expect(all.room.state).toBe("joined")
    return { ...all, server }
  }

  it("each message comes exactly once and in order, and each push takes effect once", async () => {
    await assert(
      asyncProperty(doings, async (walked) => {
        const { told, published, answers, server, socket } = await walk(Infinity, walked, false)
        expect(told.filter((what) => what !== "recovered")).toEqual(Array.from({ length: published }, (_, i) => i + 1))
        const answered = (await Promise.all(answers)) as [unknown, number][]
        expect(answered.map(([n]) => n)).toEqual(answered.map((_, n) => n))
        expect(new Set(answered.map(([, call]) => call)).size).toBe(server.handled)
        expect(server.handled).toBe(answers.length)
        socket.destroy()
      }),
      { numRuns: 150 },
    )
  })

  it("what does not come is told before anything after it comes", async () => {
    let losses = 0
    await assert(
      asyncProperty(doings, async (walked) => {
        const { told, published, socket } = await walk(3, walked, true)
        let last = 0
        let lost = false
        for (const what of told) {
          if (what === "lost") lost = true
          if (typeof what !== "number") continue
          expect(what).toBeGreaterThan(last)
          if (!lost) expect(what).toBe(last + 1)
          if (what > last + 1) losses++
          last = what
          lost = false
        }
        if (!lost) expect(last).toBe(published)
        socket.destroy()
      }),
      { numRuns: 150 },
    )
    // Else nothing was looked at.
    expect(losses).toBeGreaterThan(0)
  })
})
