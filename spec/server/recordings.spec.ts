import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { compareExchanges, compareFrames } from "../support/compare-recording.js"
import { Player } from "../support/play.js"
import { readRecordings, type Recording } from "../support/recordings.js"
import { startReferenceApp, type ReferenceApp } from "../support/reference-app.js"
import { DIFFERENCES } from "./differences.js"

let app: ReferenceApp
let player: Player

beforeAll(async () => {
  app = await startReferenceApp()
})

afterAll(() => app.close())

afterEach(() => player.end())

const asOurs = (recording: Recording): Recording => DIFFERENCES[recording.name]?.ours(structuredClone(recording)) ?? recording

/** Played by specs of their own: they end the server, or send what no frame shows. */
const APART = new Set(["v2_server_killed", "v2_server_shutdown", "v2_fragmented"])

const SERVER_SCENARIOS = readRecordings().filter(({ name }) => !name.startsWith("official_") && !APART.has(name))

describe("the endpoint answers as Phoenix did", () => {
  it.each(SERVER_SCENARIOS.map((recording) => [recording.name, recording] as const))("%s", { timeout: 30_000 }, async (name, recorded) => {
    const recording = asOurs(recorded)
    player = new Player(app.port)
    const played = await player.play(recording, { inTime: name.startsWith("v2_idle") })
    compareFrames(recording, played)
    compareExchanges(recording, played, player)
  })
})
