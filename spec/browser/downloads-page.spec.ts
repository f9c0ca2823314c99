import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { launchChromium, openPage } from "../support/chromium.js"
import { example, type Program } from "../support/program.js"

let browser: Browser | undefined
const running: Program[] = []

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.kill()))
})

async function serve(port = "0"): Promise<{ program: Program; port: string }> {
  const program = example(
    "downloads/server.ts",
    "--host",
    "127.0.0.1",
    "--port",
    port,
    "--tick",
    "50",
    "--speed",
    "0.001",
  )
  running.push(program)
  const [, found = ""] = await program.printed(/^Downloads at ws:\/\/127\.0\.0\.1:(\d+)\/ws/)
  return { program, port: found }
}

describe("the page of the downloads", () => {
  it("draws their progress, pauses and resumes them, and comes back after the server was killed", async (context) => {
    if (browser === undefined) return context.skip("no Chromium")
    const { program, port } = await serve()
    const page: Page = await openPage(browser)
    const complaints: string[] = []
    page.on("console", (message) => {
      // That the server is gone is what this is about.
      if (message.type() === "error" && !message.text().includes("ERR_CONNECTION")) complaints.push(message.text())
    })
    page.on("pageerror", (error) => complaints.push(String(error)))
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
    await serve(port)
    await light("Connected")
    await row.getByText("MB/s").waitFor()
    expect(complaints).toEqual([])
    await page.close()
  })
})
