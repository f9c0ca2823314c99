import { spawn, type ChildProcess } from "node:child_process"
import { createInterface } from "node:readline"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { compiled } from "../support/compiled.js"
import { durations, playedAnswers, recordedAnswers, type Comparable } from "../support/compare-recording.js"
import { inOneGo } from "../support/in-one-go.js"
import { Player } from "../support/play.js"
import { readRecording, readRecordings, type Recording } from "../support/recordings.js"
import { startReferenceApp, type ReferenceApp } from "../support/reference-app.js"
import { DIFFERENCES } from "./differences.js"

/**
 * The server's own times, as parts of those recorded. A timer fires late on a machine whose cores are busy, and never
 * early.
 */
const EARLIEST = 0.7
const LATEST = 4

/** Played by specs of their own: they end the server, or send what no frame shows. */
const APART = new Set(["v2_server_killed", "v2_server_shutdown", "v2_fragmented"])
/** Here the server decides about time, so they are played side by side. */
const SLOW = /idle|^lp_(poll_window|disconnect|binary)$/

function asOurs(recorded: Recording): Recording {
  const recording = structuredClone(recorded)
  DIFFERENCES[recording.name]?.ours(recording)
  return recording
}

const scenarios = readRecordings().filter(({ name }) => !name.startsWith("official_") && !APART.has(name))
const named = (slow: boolean): [string, Recording][] =>
  scenarios.filter(({ name }) => SLOW.test(name) === slow).map((recording) => [recording.name, recording])

interface Outcome {
  seen: Comparable
  expected: Comparable
  /** The server's times, as parts of those recorded. */
  times: number[]
}

async function play(player: Player, recorded: Recording): Promise<Outcome> {
  const recording = asOurs(recorded)
  const played = await player.play(recording, { inTime: recording.name.includes("idle") })
  const times = durations(recording, played).map(({ recorded: wanted, played: was }) => was / wanted)
  return { seen: playedAnswers(recording, played, player), expected: recordedAnswers(recording), times }
}

describe("the endpoint answers as Phoenix did", () => {
  let app: ReferenceApp
  let player: Player

  beforeAll(async () => {
    app = await startReferenceApp()
  })
  afterEach(() => player.end())
  afterAll(() => app.close())

  it.each(named(false))("%s", async (_name, recorded) => {
    player = new Player(app.port)
    const { seen, expected } = await play(player, recorded)
    expect(seen).toEqual(expected)
  })

  it("v2_fragmented", async () => {
    const recording = asOurs(readRecording("v2_fragmented"))
    player = new Player(app.port)
    const closed = recording.frames.pop()
    await player.play(recording)
    player.socket("a").sendInFragments(9, 1_000_000)
    await player.socket("a").received(3)
    const { frames } = player.socket("a").seen
    expect(frames.map(({ kind, data }) => [kind, data === undefined ? undefined : JSON.parse(data)])).toEqual(
      [...recording.frames.filter(({ dir }) => dir === "in"), closed].map((each) => [
        each?.kind,
        each?.data === undefined ? undefined : JSON.parse(each.data),
      ]),
    )
    // The frame that says so can be lost, because the client still sends.
    expect([closed?.code, 1006]).toContain(frames.at(-1)?.code)
  })
})

describe.concurrent("the endpoint takes its time as Phoenix did", () => {
  /** Plays a recording against an application of its own. */
  async function playAlone(recorded: Recording): Promise<Outcome> {
    const app = await startReferenceApp()
    const player = new Player(app.port)
    try {
      return await play(player, recorded)
    } finally {
      player.end()
      await app.close()
    }
  }

  it.each(named(true))("%s", async (_name, recorded) => {
    const { seen, expected, times } = await inOneGo(() => playAlone(recorded))
    expect(seen).toEqual(expected)
    for (const part of times) {
      expect(part).toBeGreaterThan(EARLIEST)
      expect(part).toBeLessThan(LATEST)
    }
  })
})

describe("a server that ends", () => {
  let child: ChildProcess | undefined

  afterEach(() => child?.kill("SIGKILL"))

  async function startProcess(): Promise<number> {
    const started = spawn(process.execPath, [compiled("spec/support/reference-app.ts"), "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    child = started
    for await (const line of createInterface(started.stdout)) {
      const port = /http:\/\/localhost:(\d+)/.exec(line)?.[1]
      if (port !== undefined) return Number(port)
    }
    throw new Error("the reference app did not start")
  }

  it.each([
    ["v2_server_shutdown", "SIGTERM"],
    ["v2_server_killed", "SIGKILL"],
  ] as const)("%s", async (name, signal) => {
    const recording = asOurs(readRecording(name))
    const player = new Player(await startProcess())
    const ends = recording.frames.filter(({ kind }) => kind === "close")
    const played = await player.play({
      ...recording,
      frames: recording.frames.filter(({ kind }) => kind !== "close"),
    })
    child?.kill(signal)
    for (const { conn } of ends) {
      const before = recording.frames.filter((frame) => frame.conn === conn && frame.dir === "in").length
      await player.socket(conn).received(before)
    }
    expect(playedAnswers(recording, played, player)).toEqual(recordedAnswers(recording))
  })
})
