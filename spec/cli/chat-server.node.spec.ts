import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it, onTestFinished } from "vitest"
import { ChatClient } from "rookery/chat"
import { runCli, type CliRun } from "../support/cli.js"

let runs: CliRun[] = []
afterEach(async () => {
  for (const run of runs) {
    run.end("SIGTERM")
    await run.code
  }
  runs = []
})

function serve(args: string[], env?: Record<string, string>): CliRun {
  const run = runCli(["chat-server", ...args], env && { env })
  runs.push(run)
  return run
}

/** The URL that the server prints. */
async function urlOf(run: CliRun): Promise<string> {
  const line = await run.stdout.line(/^The chat is at /)
  return /^The chat is at (\S+), and listens on (\S+)$/.exec(line)?.[1] ?? ""
}

async function linkFor(run: CliRun, email: string): Promise<string> {
  await new ChatClient(await urlOf(run)).login(email)
  return (
    new URL((await run.stdout.line(new RegExp(`A link for ${email}`))).split(": ")[1] ?? "").searchParams.get(
      "token",
    ) ?? ""
  )
}

describe("the chat server", () => {
  it("listens at port 8000, or at the next that is free and says so", async () => {
    const [one, two] = [serve([]), serve([])]
    const ports = [await urlOf(one), await urlOf(two)].map((url) => Number(new URL(url).port))
    expect(new Set(ports).size).toBe(2)
    for (const [i, run] of [one, two].entries()) {
      expect(ports[i]).toBeGreaterThanOrEqual(8000)
      expect(run.stdout.text.includes("Port 8000 is taken.\n")).toBe(ports[i] !== 8000)
    }
  })

  it("takes the port that was asked for, or none", async () => {
    const { port } = new URL(await urlOf(serve(["--port", "0"])))
    const second = serve(["--port", port])
    expect([await second.code, second.stderr.lines]).toEqual([
      2,
      [`rookery: port ${port} is taken; give another --port, or 0 for any`],
    ])
  })

  it("says that links are printed, and prints them", async () => {
    const run = serve(["-p", "0"])
    const token = await linkFor(run, "ada@example.com")
    expect(run.stdout.lines[0]).toContain("links for logging in are printed here")
    await using client = new ChatClient(await urlOf(run))
    await client.connect(token)
    expect(client.user?.email).toBe("ada@example.com")
  })

  it("sends everybody away in good order when it is to end", async () => {
    const run = serve(["-p", "0"])
    await using client = new ChatClient(await urlOf(run), { reconnect: false })
    await client.connect(await linkFor(run, "ada@example.com"))
    const gone = new Promise((resolve) => client.on("disconnect", resolve))
    run.end("SIGINT")
    await gone
    expect([await run.code, run.stderr.text]).toEqual([0, "rookery: closing\n"])
  })

  it("keeps everything in a folder, if it is given one", async () => {
    const data = mkdtempSync(join(tmpdir(), "rookery-data-"))
    onTestFinished(() => rmSync(data, { recursive: true, force: true }))
    const first = serve(["-p", "0", "--data", data])
    expect(first.stdout.text).not.toContain("Nothing is kept")
    let sessionToken: string
    {
      await using client = new ChatClient(await urlOf(first))
      await client.connect(await linkFor(first, "ada@example.com"))
      await client.send("to be kept")
      ;({ sessionToken } = client)
    }
    first.end("SIGTERM")
    expect(await first.code).toBe(0)
    await using client = new ChatClient(await urlOf(serve(["-p", "0", "--data", data])), { sessionToken })
    await client.connect()
    const { messages } = await client.join("lobby")
    expect(messages.map(({ content }) => content)).toEqual(["to be kept"])
  })

  it("says that nothing is kept, if it is given none", async () => {
    const run = serve(["-p", "0"])
    await urlOf(run)
    expect(run.stdout.text).toContain("Nothing is kept when the server stops")
  })

  it.each([
    [["--public-url", "chat"], {}, "publicUrl"],
    [["--host", "0.0.0.0", "--public-url", "https://chat.example.com"], {}, "links cannot be sent"],
    [[], { SMTP_URL: "smtp://localhost" }, "MAIL_FROM is not set"],
  ])("exits with 64 when what it is told does not fit: %j %j", async (args, env, said) => {
    const run = serve(["-p", "0", ...args], env)
    expect([await run.code, run.stderr.lines]).toEqual([64, [expect.stringContaining(said)]])
  })

  it("gives links of its public URL, and trusts the proxies that it is told of", async () => {
    const run = serve(["-p", "0", "--public-url", "https://chat.example.com", "--trust-proxy", "127.0.0.1,::1"])
    const line = await run.stdout.line(/^The chat is at /)
    expect(line).toMatch(/^The chat is at https:\/\/chat\.example\.com, and listens on 127\.0\.0\.1:\d+$/)
    await new ChatClient(`http://${line.split(" ").at(-1)}`).login("ada@example.com")
    await run.stdout.line(/^A link for ada@example\.com: https:\/\/chat\.example\.com\/login\?token=/)
  })
})
