import { describe, expect, it, onTestFinished } from "vitest"
import { Endpoint } from "rookery/server"
import { Intruder, requestText, UPGRADE, WEBSOCKET } from "../hostile/attack/intruder.js"
import { PollClient } from "../support/poll-client.js"
import { stages } from "../support/stage.js"
import { answer, type WireClient, type WireFrame } from "../support/wire-client.js"

const stage = stages()

/** Something that takes some milliseconds, in whatever a machine it runs. */
function compute(ms: number): object {
  const end = performance.now() + ms
  while (performance.now() < end);
  return {}
}

const rooms = (endpoint: Endpoint): void => {
  endpoint.channel("room:*", {
    history: { size: 100, ttl: 60_000 },
    receive: {
      compute: () => compute(1),
      first: () => new Promise<object>((resolve) => setImmediate(() => resolve({}))),
    },
  })
}

/** Counts turns of the event loop of this process, which is the server's, until it is told to stop, or the test is over. */
function countTurns(): { now(): number; stop(): number } {
  let turns = 0
  let counts = true
  const next = (): void => {
    if (!counts) return
    turns++
    setImmediate(next)
  }
  setImmediate(next)
  const stop = (): number => {
    counts = false
    return turns
  }
  onTestFinished(() => void stop())
  return { now: () => turns, stop }
}

const refs = (frames: readonly WireFrame[]): unknown[] => frames.map((frame) => (frame as unknown[])[1])
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `r${index}`)

/** Sends pushes in one write, and gives the turns between the first of the answers and the last. */
async function turnsOfAnswers(client: WireClient, frames: readonly (readonly unknown[])[]): Promise<number> {
  const sent = frames.map((frame) => frame[1])
  for (const frame of frames) client.send(...frame)
  const first = await client.next()
  const turns = countTurns()
  const others = await client.take(frames.length - 1)
  expect(refs([first, ...others]).toSorted()).toEqual([...sent].toSorted())
  return turns.stop()
}

describe("no client holds the event loop", () => {
  it("no client blocks the event loop with pushes that waited for a handler and are then answered at once", async () => {
    const { connect } = await stage({}, rooms)
    const client = await connect()
    await client.join("room:1")
    const turns = await turnsOfAnswers(client, [
      ["1", "first", "room:1", "first", {}],
      ...numbered(60).map((ref) => ["1", ref, "room:1", "compute", {}]),
    ])
    // A millisecond each, of which a turn has room for four.
    expect(turns).toBeGreaterThan(10)
  })

  it("no client blocks the event loop with many requests for a long history, which are answered in order", async () => {
    const { connect, endpoint } = await stage({}, rooms)
    const client = await connect()
    await client.join("room:1")
    for (let index = 0; index < 100; index++) void endpoint.broadcast("room:1", "shout", "x".repeat(4000))
    await client.take(100)
    const turns = await turnsOfAnswers(
      client,
      numbered(50).map((ref) => ["1", ref, "room:1", "phx_history", {}]),
    )
    expect(turns).toBeGreaterThan(8)
  })

  it("no client blocks the event loop with requests for a history in many channels at once", async () => {
    const { connect, endpoint } = await stage({}, rooms)
    const client = await connect()
    const topics = numbered(12).map((name) => `room:${name}`)
    const joinRefs = new Map<string, unknown>()
    for (const topic of topics) joinRefs.set(topic, ((await client.join(topic)) as unknown[])[1])
    for (const topic of topics) {
      for (let index = 0; index < 100; index++) void endpoint.broadcast(topic, "shout", "x".repeat(4000))
      await client.take(100)
    }
    const turns = await turnsOfAnswers(
      client,
      topics.map((topic) => [joinRefs.get(topic), topic, topic, "phx_history", {}]),
    )
    expect(turns).toBeGreaterThan(2)
  })

  it("no client blocks the event loop with the lines of one long-poll request, which are still handled in order", async () => {
    const { port } = await stage({}, rooms)
    const client = await PollClient.connect(port)
    await client.join("room:1")
    const turns = countTurns()
    await client.sendAll(numbered(60).map((ref) => ["1", ref, "room:1", "compute", {}]))
    const frames: WireFrame[] = []
    while (frames.length < 60) frames.push(await client.next())
    expect(turns.stop()).toBeGreaterThan(10)
    expect(refs(frames)).toEqual(numbered(60))
  })

  it("no client blocks the event loop with HTTP requests on many connections, which are answered a few at a time", async () => {
    const endpoint = new Endpoint({ logger: false })
    onTestFinished(() => endpoint.close({ deadlineMs: 0 }))
    const turns = countTurns()
    const answers: number[] = []
    const { port } = await endpoint.listen({}, (_request, response) => {
      // A turn has room for four milliseconds.
      compute(3)
      answers.push(turns.now())
      response.end()
    })
    const lines = await Promise.all(numbered(30).map(() => Intruder.connect({ port })))
    // The server accepts connections one in a turn, so that the first requests do not come at once.
    for (const round of [1, 2]) {
      answers.length = 0
      for (const line of lines) line.send(requestText("GET", "/"))
      await Promise.all(lines.map((line) => line.until(() => line.statuses.length === round)))
    }
    for (const line of lines) line.leave()
    const inOneTurn = [...new Set(answers)].map((each) => answers.filter((other) => other === each).length)
    expect(answers).toHaveLength(30)
    // Two of them begin within the time of requests that have just come, and two within that of those that waited.
    expect(Math.max(...inOneTurn)).toBeLessThanOrEqual(4)
  })

  it("no client blocks the event loop with handshakes on many connections, which are answered a few at a time", async () => {
    const turns = countTurns()
    const asked: number[] = []
    const { port } = await stage({
      connect() {
        // A turn has room for four milliseconds.
        compute(3)
        asked.push(turns.now())
        return {}
      },
    })
    const lines = await Promise.all(numbered(30).map(() => Intruder.connect({ port })))
    // The server accepts connections one in a turn, so that the first requests do not come at once.
    for (const [round, request] of [requestText("GET", "/"), requestText("GET", WEBSOCKET, UPGRADE)].entries()) {
      for (const line of lines) line.send(request)
      await Promise.all(lines.map((line) => line.until(() => line.statuses.length === round + 1)))
    }
    expect(lines.map((line) => line.statuses[1])).toEqual(lines.map(() => 101))
    for (const line of lines) line.leave()
    const inOneTurn = [...new Set(asked)].map((each) => asked.filter((other) => other === each).length)
    expect(asked).toHaveLength(30)
    expect(Math.max(...inOneTurn)).toBeLessThanOrEqual(4)
  })
})

describe("an answer to phx_history", () => {
  it("has no more than a mebibyte of messages, and the client asks for the others", async () => {
    const { connect, endpoint } = await stage({}, rooms)
    const client = await connect()
    await client.join("room:1")
    for (let index = 0; index < 10; index++) void endpoint.broadcast("room:1", "shout", String(index).repeat(300_000))
    await client.take(10)
    const ask = async (request: object): Promise<number[]> => {
      client.send("1", "2", "room:1", "phx_history", request)
      const { response } = answer(await client.next()) as {
        response: { newest: number; messages: { offset: number }[] }
      }
      expect(response.newest).toBe(10)
      return response.messages.map(({ offset }) => offset)
    }
    expect(await ask({})).toEqual([8, 9, 10])
    expect(await ask({ since: 0 })).toEqual([1, 2, 3])
    expect(await ask({ since: 3 })).toEqual([4, 5, 6])
    expect(await ask({ since: 0, limit: 2 })).toEqual([1, 2])
  })

  it("has one message however large that is", async () => {
    const { connect, endpoint } = await stage({}, rooms)
    const client = await connect()
    await client.join("room:1")
    for (const text of ["a", "b"]) void endpoint.broadcast("room:1", "shout", text.repeat(2_000_000))
    await client.take(2)
    client.send("1", "2", "room:1", "phx_history", { since: 0 })
    expect(answer(await client.next())).toMatchObject({ response: { messages: [{ offset: 1 }] } })
  })
})

describe("messages that waited for the answer to a join", () => {
  it("stay in order with those that came later, through joins that follow each other", async () => {
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        join: ({ params }) =>
          new Promise<object>((resolve) => setImmediate(() => resolve({ n: (params as { n: number }).n }))),
        receive: { compute: () => compute(1) },
      }),
    )
    const client = await connect()
    const order: string[] = []
    for (const join of ["1", "2", "3"]) {
      order.push(join)
      client.send(join, join, "room:1", "phx_join", { n: Number(join) })
      for (let index = 0; index < 20; index++) {
        order.push(`${join}.${index}`)
        client.send(join, `${join}.${index}`, "room:1", "compute", {})
      }
    }
    const frames = await client.take(order.length + 2)
    const replies = frames.filter((frame) => (frame as unknown[])[3] === "phx_reply")
    expect(refs(replies)).toEqual(order)
  })

  it("are each answered where every join is refused", async () => {
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        join: () => new Promise<object>((_, reject) => setImmediate(() => reject(new Error("mine")))),
      }),
    )
    const client = await connect()
    const frames = numbered(200).map((ref, index) => [ref, ref, "room:1", index % 4 === 0 ? "phx_join" : "push", {}])
    for (const frame of frames) client.send(...frame)
    expect(refs(await client.take(200))).toEqual(numbered(200))
  })
})
