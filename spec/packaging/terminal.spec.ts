import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { freePort } from "../support/free-port.js"
import { HAS_TMUX } from "../support/machine.js"
import { startProgram, startReferenceProcess, type Program } from "../support/process.js"
import { Terminal } from "../support/tmux.js"
import { ROOT } from "./build.js"

const ROOKERY = [process.execPath, join(ROOT, "dist/cli.js")]

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "rookery-terminal-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function startServer(data: string, given?: string): Promise<Program & { url: string }> {
  const [node = "", ...words] = ROOKERY
  const port = given ?? String(await freePort())
  const program = startProgram(node, [...words, "chat-server", "--port", port, "--data", data])
  const line = await program.stdout.line(/^The chat is at /)
  return { ...program, url: line.split(/[ ,]/)[4] ?? "" }
}

/** Opens a terminal, and logs a user in with the link that the server prints. */
async function person(name: string, server: Program & { url: string }, env = {}): Promise<Terminal> {
  const words = [...ROOKERY, "chat", "-s", server.url]
  const terminal = await Terminal.open(words, { XDG_STATE_HOME: newFolder(), ...env })
  await terminal.shows("You are not logged in")
  await terminal.enter(`/login ${name}@example.com`)
  const printed = await server.stdout.line(new RegExp(`A link for ${name}@example.com`))
  await terminal.shows("A link is on its way")
  await terminal.enter(`/token ${printed.split(": ")[1]}`)
  await terminal.shows(/In lobby: .*\n(?:.*\n)*lobby>/)
  return terminal
}

describe.runIf(HAS_TMUX)("in a real terminal", () => {
  it("a line that is half typed stays while others speak", async () => {
    const server = await startServer(newFolder())
    const [ada, bob] = [await person("ada", server), await person("bob", server)]
    await ada.enter("/name Ada Lovelace")
    await bob.shows("ada@example.com is Ada Lovelace (ada@example.com) now.")

    await bob.type("half a li")
    await bob.shows("lobby> half a li")
    await ada.enter("hello, Bob")
    // The prompt is drawn again behind the text.
    const rows = await bob.shows(/Ada Lovelace \(ada@example\.com\): hello, Bob\nlobby> half a li$/)
    expect(rows.at(-1)).toBe("lobby> half a li")
    expect(rows.at(-2)).toMatch(/^\d\d:\d\d Ada Lovelace \(ada@example\.com\): hello, Bob$/)

    // The half-typed line can still be edited.
    await bob.press("Left")
    await ada.enter("are you there?")
    await bob.shows("are you there?")
    await bob.enter("e of a")
    await ada.shows(/^\d\d:\d\d bob@example\.com: half a le of ai$/m)
    const after = await bob.shows(/^\d\d:\d\d bob@example\.com: half a le of ai\nlobby>$/m)
    expect(after.at(-1)).toBe("lobby>")
    expect(after.filter((row) => row.includes("half a"))).toHaveLength(1)
  })

  it("so does one that goes over several rows, and one that was pasted into", async () => {
    const server = await startServer(newFolder())
    const [ada, bob] = [await person("ada", server), await person("bob", server)]
    const long = "0123456789".repeat(18)
    await bob.type(long)
    await bob.shows(/lobby> 0123[0-9\n]+6789$/)
    await bob.press("Home", "Right", "Right")
    await bob.type("[pasted]")
    await bob.shows("lobby> 01[pasted]23")
    for (const word of ["one", "two", "three"]) {
      await ada.enter(word)
      await bob.shows(`ada@example.com: ${word}`)
    }
    const typed = `lobby> 01[pasted]${long.slice(2)}`
    // The typed text is drawn again below the message.
    const rows = await bob.shows(/: three\nlobby> 01\[pasted\][0-9\n]+6789$/)
    expect(rows.slice(-6)).toEqual([
      expect.stringMatching(/: one$/),
      expect.stringMatching(/: two$/),
      expect.stringMatching(/: three$/),
      typed.slice(0, 80),
      typed.slice(80, 160),
      typed.slice(160),
    ])
    await bob.press("Enter")
    await ada.shows("bob@example.com: 01[pasted]23")
    const after = await bob.shows(/bob@example\.com: 01\[pasted\](?:.*\n)+lobby>$/)
    expect(after.filter((row) => row.includes("pasted"))).toEqual([
      expect.stringMatching(/^\d\d:\d\d bob@example\.com: 01/),
    ])
  })

  it("people hear that the server is gone, and are back when it is", async () => {
    const data = newFolder()
    const server = await startServer(data)
    const [ada, bob] = [await person("ada", server), await person("bob", server)]
    await ada.enter("before it was killed")
    await bob.shows("ada@example.com: before it was killed")
    await bob.type("while it is dow")
    server.child.kill("SIGKILL")
    await server.ended
    for (const terminal of [ada, bob]) await terminal.shows(/The connection is lost; trying again in \d+ s\./)
    const back = await startServer(data, new URL(server.url).port)
    for (const terminal of [ada, bob]) await terminal.shows("Connected again.")
    await bob.enter("n, I typed this")
    await ada.shows("bob@example.com: while it is down, I typed this")

    // A user who joins now gets the acknowledged messages.
    await ada.enter("/quit")
    expect((await ada.shows("exit 0")).at(-1)).toBe("exit 0")
    const carol = await person("carol", back)
    await carol.shows("ada@example.com: before it was killed")
    await carol.shows("bob@example.com: while it is down, I typed this")
  })

  it("colours are shown, unless they are not wanted", async () => {
    const server = await startServer(newFolder())
    const [ada, bob] = [await person("ada", server), await person("bob", server, { NO_COLOR: "1" })]
    await ada.enter("hello")
    await bob.shows("ada@example.com: hello")
    await ada.shows("ada@example.com: hello")
    // Each person has a colour.
    expect((await ada.rows(true)).find((row) => row.endsWith(": hello"))).toContain(
      "\u001b[35mada@example.com\u001b[39m",
    )
    expect((await bob.rows(true)).find((row) => row.endsWith(": hello"))).not.toContain("\u001b")
  })

  it.each([
    ["C-c", "exit 130"],
    ["C-d", "exit 0"],
  ])("%s leaves, and gives the terminal back as it was", async (key, said) => {
    const server = await startServer(newFolder())
    const ada = await person("ada", server)
    await ada.press(key)
    await ada.shows(said)
    // The terminal echoes typed letters again, and Enter ends a line of text.
    await ada.enter("echo")
    expect((await ada.shows(/echo\necho/)).slice(-2)).toEqual(["echo", "echo"])
  })

  it("what a channel says is shown, and steers nothing", async () => {
    const { port } = await startReferenceProcess()
    const url = `ws://localhost:${port}/socket`
    const tail = await Terminal.open([...ROOKERY, "tail", url, "room:a"])
    await tail.shows("joined room:a")
    const [node = "", ...words] = ROOKERY
    const evil = JSON.stringify({ text: "\u001b[2J\u001b[H\u009b31mowned\r\n" })
    expect(await startProgram(node, [...words, "push", url, "room:a", "shout", evil]).ended).toBe(0)
    const rows = await tail.shows("owned")
    expect(rows.find((row) => row.includes("owned"))).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} room:a shout {"text":"\\u001b\[2J\\u001b\[H\\u009b31mowned\\r\\n"}$/,
    )
    expect(rows.filter((row) => row.includes("connected to"))).toHaveLength(1)
    await tail.press("C-c")
    await tail.shows("exit 130")
  })
})
