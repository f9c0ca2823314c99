import { PassThrough } from "node:stream"
import { describe, expect, it, onTestFinished } from "vitest"
import { messageLine, messageLines, nameOf, timeOf } from "../../lib/cli/chat-lines.js"
import { readLine, readToken } from "../../lib/cli/chat-commands.js"
import { oneOf, openScreen, type Screen } from "../../lib/cli/screen.js"
import { SingleKeys } from "../../lib/cli/single-keys.js"
import { stateFile } from "../../lib/cli/state-file.js"
import { escapeControls, stylesFor } from "../../lib/cli/terminal-text.js"
import { TypedLines } from "../../lib/cli/typed-lines.js"

const EVIL = "\u001b]0;owned\u0007\u009b2J\u202e\r\n"
const PLAIN = stylesFor({}, {})

/** A screen on streams that look like a terminal of 40 columns. */
function terminal(takesLines = false): { screen: Screen; keys: PassThrough; drawn(): string; typed: string[] } {
  const keys = Object.assign(new PassThrough(), { isTTY: true })
  const out = Object.assign(new PassThrough(), { isTTY: true, columns: 40 })
  let drawn = ""
  out.on("data", (chunk: Buffer) => (drawn += chunk.toString()))
  const typed: string[] = []
  const line = (text: string): boolean => {
    typed.push(text)
    return takesLines
  }
  const io = { stdin: keys, stdout: out, stderr: new PassThrough(), env: {}, signal: new AbortController().signal }
  const screen = openScreen(io, oneOf([]), { line, close: () => {} })
  onTestFinished(() => screen.close())
  return { screen, keys, drawn: () => drawn, typed }
}

/** The output since the screen was last cleared from a row on. */
const afterClear = (drawn: string): string => drawn.split("\u001b[0J").at(-1) ?? ""

describe("the terminal", () => {
  it("prints above the line that is typed, and draws that again as it was", async () => {
    const { screen, keys, drawn } = terminal()
    screen.prompt("lobby> ")
    keys.write("half a li")
    await expect.poll(drawn).toContain("li")
    screen.print("a message")
    expect(drawn()).toContain("a message\n")
    expect(afterClear(drawn())).toMatch(/^lobby> half a li/)
  })

  it("goes up by as many rows as the typed line has, and leaves as many for it", async () => {
    const { screen, keys, drawn } = terminal()
    screen.prompt("lobby> ")
    const line = `${"x".repeat(90)}END`
    keys.write(line)
    await expect.poll(drawn).toContain("END")
    const before = drawn().length
    screen.print("a message")
    const [up, rest = ""] = drawn().slice(before).split("\u001b[0J")
    expect(up).toContain("\u001b[2A")
    expect(rest.startsWith("a message\n\n\n\u001b[2A")).toBe(true)
    expect(afterClear(drawn())).toContain(`lobby> ${line}`)
  })

  it("puts what is pasted where the cursor is", async () => {
    const { screen, keys, typed } = terminal()
    screen.prompt("> ")
    keys.write("ad")
    keys.write("\u001b[D")
    keys.write("bc")
    keys.write("\r")
    await expect.poll(() => typed).toEqual(["abcd"])
  })

  it("turns a pasted Tab into spaces instead of completing a word", async () => {
    const { screen, keys, typed } = terminal()
    screen.prompt("> ")
    keys.write("\tname\tage")
    keys.write("\r")
    await expect.poll(() => typed).toEqual(["    name    age"])
  })

  it("takes lines that end with a backslash as one text, also while others speak", async () => {
    const { screen, keys, drawn, typed } = terminal()
    screen.prompt("lobby> ")
    keys.write("one\\\r")
    await expect.poll(() => afterClear(drawn())).toContain("… ")
    keys.write("two\\\r")
    screen.print("a message")
    screen.prompt("lobby (den 1)> ")
    keys.write("three\r")
    await expect.poll(() => typed).toEqual(["one\ntwo\nthree"])
    await expect.poll(drawn).toMatch(/lobby \(den 1\)> [^a-z]*$/)
  })

  it("takes a line that is printed by itself off again, however many rows it had", async () => {
    const { screen, keys, drawn, typed } = terminal(true)
    screen.prompt("> ")
    keys.write("x".repeat(90))
    keys.write("\u001b[H")
    keys.write("\r")
    await expect.poll(() => typed).toHaveLength(1)
    await expect.poll(drawn).toContain("\r\n\u001b[3A")
  })

  it("has keys of any length come one by one", async () => {
    const source = new PassThrough()
    const seen: string[] = []
    new SingleKeys(source).on("data", (key: Buffer) => seen.push(key.toString()))
    const bytes = Buffer.from("aü漢👩")
    source.write(bytes.subarray(0, 2))
    source.write(bytes.subarray(2))
    await expect.poll(() => seen).toEqual(["a", "ü", "漢", "👩"])
  })
})

describe("what is shown", () => {
  it.each([
    [{ id: "user:a@b.c", email: "a@b.c", display_name: "Ada" }, "Ada (a@b.c)"],
    [{ id: "user:a@b.c", email: "a@b.c", display_name: null }, "a@b.c"],
  ])("names people by display name and address", (user, name) => {
    expect(nameOf(user)).toBe(name)
  })

  it("has the time, and the date if it was another day", () => {
    const time = new Date(2026, 0, 2, 3, 4)
    expect(timeOf(time.toISOString(), new Date(2026, 0, 2, 23))).toBe("03:04")
    expect(timeOf(time.toISOString(), new Date(2026, 0, 3))).toBe("2026-01-02 03:04")
    expect(timeOf("soon\n")).toBe("soon\\n")
  })

  it("cannot steer the terminal, whatever a server says", () => {
    const user = { id: EVIL, email: EVIL, display_name: EVIL }
    const line = messageLine({ id: EVIL, user, content: EVIL, timestamp: EVIL }, EVIL, PLAIN)
    expect(escapeControls(line)).toBe(line)
  })
})

describe("a message of several lines of text", () => {
  const ada = { id: "user:a@b.c", email: "a@b.c", display_name: "Ada" }
  const message = { id: "1", user: ada, content: "one\n\n12:00 Bob: two", timestamp: "soon" }

  it("is shown on as many, and none of them looks like the message of another person", () => {
    expect(messageLines(message, "den", PLAIN).split("\n")).toEqual([
      "soon #den Ada (a@b.c): one",
      "    │ ",
      "    │ 12:00 Bob: two",
    ])
  })

  it("is one line of text for a program", () => {
    expect(messageLine(message, undefined, PLAIN)).toBe("soon Ada (a@b.c): one\\n\\n12:00 Bob: two")
  })

  it("cannot steer the terminal, whatever is in it", () => {
    const user = { id: EVIL, email: EVIL, display_name: EVIL }
    const lines = messageLines({ id: EVIL, user, content: `${EVIL}${EVIL}`, timestamp: EVIL }, EVIL, PLAIN).split("\n")
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(escapeControls(line)).toBe(line)
  })

  it("is typed with a backslash at the end of each line but the last", () => {
    const lines = new TypedLines()
    expect(["a\\", "\\", "b\\\\"].map((line) => lines.add(line))).toEqual([undefined, undefined, "a\n\nb\\\\"])
    expect([lines.isOpen, lines.add("c")]).toEqual([false, "c"])
    lines.add("d\\")
    expect(lines.isOpen).toBe(true)
  })
})

describe("the colour of a person", () => {
  const styles = stylesFor({ isTTY: true }, {})

  it("stays the same whatever the name, and differs between people", () => {
    const ids = Array.from({ length: 40 }, (_, n) => `user:p${n}@example.com`)
    const shown = ids.map((id) => styles.person(id)("name"))
    expect(ids.map((id) => styles.person(id)("name"))).toEqual(shown)
    expect(new Set(shown).size).toBe(10)
  })

  it("is none at a pipe", () => {
    expect(PLAIN.person("user:a@b.c")("name")).toBe("name")
  })
})

describe("what is typed", () => {
  it.each([
    ["  hello there ", { say: "hello there" }],
    ["//me waves", { say: "/me waves" }],
    ["/name  Ada   Lovelace", { command: "/name", argument: "Ada Lovelace" }],
    ["/users", { command: "/users", argument: "" }],
    ["   ", undefined],
  ])("is a message or a command: %j", (line, typed) => {
    expect(readLine(line)).toEqual(typed)
  })

  it.each([
    ["abc-_123", "abc-_123"],
    ["https://chat.example.com/login?token=abc", "abc"],
    ["http://localhost:8000/login?token=a%2Bb&more=1", "a+b"],
  ])("is a token, or a link with one: %s", (text, token) => {
    expect(readToken(text)).toBe(token)
  })
})

describe("what is remembered", () => {
  it.each<[NodeJS.Platform, Record<string, string>, RegExp]>([
    ["linux", { HOME: "/home/ada" }, /^\/home\/ada\/.local\/state\/rookery\/a$/],
    ["linux", { HOME: "/home/ada", XDG_STATE_HOME: "/state" }, /^\/state\/rookery\/a$/],
    ["linux", { HOME: "/home/ada", XDG_STATE_HOME: "state" }, /^\/home\/ada\/.local\/state\/rookery\/a$/],
    ["win32", { LOCALAPPDATA: "/local" }, /^\/local\/rookery\/a$/],
  ])("is where the platform keeps such things: %s %j", (platform, env, path) => {
    expect(stateFile("a", env, platform)).toMatch(path)
  })
})
