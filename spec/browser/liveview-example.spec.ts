import type { Socket } from "rookery"
import { describe, expect, it } from "vitest"
import { openPage } from "../support/chromium.js"
import { PATIENCE } from "../support/patience.js"
import { complaintsOf, SERVER_GONE } from "./complaints.js"
import { exampleStage } from "./example-stage.js"

const stage = exampleStage("liveview/server.ts", /^LiveView at http:\/\/127\.0\.0\.1:(\d+)\/$/)

describe("the example of a LiveView", () => {
  it("counts, validates, saves, and keeps what was typed through a crash and a restart of the server", async (context) => {
    const { browser } = stage
    if (browser === undefined) return context.skip("no Chromium")
    const { program, port } = await stage.serve()
    const page = await openPage(browser)
    const { list: complaints } = complaintsOf(page, { expected: SERVER_GONE })
    const shows = (selector: string, hasText: RegExp): Promise<void> => page.locator(selector, { hasText }).waitFor()
    // The websocket may open late on a busy machine.
    await page.route("**/assets/js/app.js", async (route) => {
      const script = await (await route.fetch()).text()
      const patient = script.replace(/longPollFallbackMs: 2500/, `longPollFallbackMs: ${PATIENCE.timeout}`)
      expect(patient).not.toBe(script)
      await route.fulfill({ contentType: "text/javascript", body: patient })
    })
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.locator("[data-phx-main].phx-connected").waitFor()
    // LiveView takes no second click of an element whose first one is not answered.
    await page.locator("#inc").click()
    await shows("#count", /^1$/)
    await page.locator("#inc").click()
    await shows("#count", /^2$/)
    await page.locator("#name").fill("Ann & <Bob>")
    await shows("#hint", /^The name has 11 characters\.$/)
    await page.getByRole("button", { name: "Save" }).click()
    await shows("#saved", /^Saved: Ann & <Bob>$/)

    // Joins a room beside the LiveView, on the same connection.
    const state = await page.evaluate(async () => {
      const { liveSocket } = globalThis as unknown as { liveSocket: { getSocket(): Socket } }
      const room = await liveSocket.getSocket().join("lv:beside")
      return room.state
    })
    expect(state).toBe("joined")

    await page.locator("#crash").click()
    await shows("#count", /^0$/)
    await shows("#hint", /^The name has 11 characters\.$/)

    await page.locator("#name").fill("Eve")
    await shows("#hint", /^The name has 3 characters\.$/)
    await program.kill("SIGKILL")
    await page.locator("[data-phx-main].phx-client-error").waitFor()
    await stage.serve(port)
    await page.locator("[data-phx-main].phx-connected").waitFor()
    await shows("#hint", /^The name has 3 characters\.$/)
    expect(await page.locator("#name").inputValue()).toBe("Eve")
    expect(complaints).toEqual([])
    await page.context().close()
  })
})
