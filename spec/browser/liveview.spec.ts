import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { launchChromium } from "../support/chromium.js"
import { LIVE_RECORDINGS, readLiveRecording } from "../support/liveview/recording.js"
import { Replay } from "../support/liveview/replay.js"
import { PATIENCE } from "../support/patience.js"
import { bundleApp, CLIENTS, LIVE_VIEWS } from "./liveview/bundles.js"
import { LivePage } from "./liveview/live-page.js"

const browser = await launchChromium()
afterAll(() => browser?.close())

/** Raises the time until both clients fall back to long-poll, because websockets may open late on a busy machine. */
const withPatience = (script: string): string =>
  script.replace("longPollFallbackMs: 2500", `longPollFallbackMs: ${PATIENCE.timeout}`)

/** Plays a recording, compares the page at the end, and returns the complaints of the browser. */
async function playThrough(scenario: string, page: LivePage, script: string, webSockets = true): Promise<string[]> {
  const recording = readLiveRecording(scenario)
  await using replay = await Replay.start(recording, script, webSockets)
  try {
    await page.play(replay)
    const { end } = recording
    await expect.poll(() => page.end(Object.keys(end.values))).toEqual(end)
    return [...page.complaints]
  } finally {
    await page.leave()
  }
}

const TABLE = LIVE_VIEWS.flatMap(([version, name]) => CLIENTS.map((client) => ({ version, name, client })))

describe.skipIf(!browser).each(TABLE)("LiveView $version with the Socket of $client", ({ name, client }) => {
  let page: LivePage
  let script = ""
  beforeAll(async () => {
    page = await LivePage.open(browser as Browser)
    const recording = readLiveRecording("mount_clicks")
    script = await bundleApp(withPatience(recording.page.script), { "the-client": client, phoenix_live_view: name })
  })

  afterAll(() => page.close())

  it.each(LIVE_RECORDINGS)("sends the recorded frames and comes to the recorded page: %s", async (scenario) => {
    expect(await playThrough(scenario, page, script)).toEqual([])
  })

  it("sends the same frames over long-poll where no websocket gets through", async () => {
    const complaints = await playThrough("mount_clicks", page, script, false)
    expect(complaints).toEqual([expect.stringContaining("WebSocket connection to")])
  })
})
