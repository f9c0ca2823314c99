import type { Page } from "playwright-core"
import { describe, expect, it } from "vitest"
import { openPage } from "../support/chromium.js"
import { complaintsOf } from "./complaints.js"
import { exampleStage } from "./example-stage.js"

const stage = exampleStage(
  "downloads/server.ts",
  /^Downloads at ws:\/\/127\.0\.0\.1:(\d+)\/ws/,
  "--host",
  "127.0.0.1",
  "--tick",
  "50",
  "--speed",
  "0.001",
)

describe("the page of the downloads", () => {
  it("draws their progress, pauses and resumes them, and comes back after the server was killed", async (context) => {
    const { browser } = stage
    if (browser === undefined) return context.skip("no Chromium")
    const { program, port } = await stage.serve()
    const page: Page = await openPage(browser)
    const { list: complaints } = complaintsOf(page, { types: ["error"], expected: /ERR_CONNECTION/ })
    await page.goto(`http://127.0.0.1:${port}/?delay=50`)
    const light = (text: string): Promise<void> => page.getByRole("status").filter({ hasText: text }).waitFor()
    await light("Connected")
    const row = page.getByRole("listitem").filter({ hasText: "File 1:" })
    await row.getByText("MB/s").waitFor()
    expect(await row.getByRole("progressbar").count()).toBe(1)
    await row.getByRole("button", { name: "Pause" }).click()
    await row.getByText("paused").waitFor()
    await row.getByRole("button", { name: "Resume" }).click()
    await row.getByText("MB/s").waitFor()
    await program.kill("SIGKILL")
    await light("Connection lost")
    expect(await row.getByRole("button").isDisabled()).toBe(true)
    await stage.serve(port)
    await light("Connected")
    await row.getByText("MB/s").waitFor()
    expect(complaints).toEqual([])
    await page.close()
  })
})
