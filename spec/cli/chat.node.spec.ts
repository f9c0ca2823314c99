import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest"
import { logMail } from "rookery/chat/server"
import { ChatStage } from "../chat/server/stage.js"
import { runCli, type CliRun } from "../support/cli.js"

let stage: ChatStage
let runs: CliRun[] = []
beforeEach(async () => {
  stage = await ChatStage.open()
})
afterEach(async () => {
  for (const run of runs) {
    run.end("SIGTERM")
    await run.code
  }
  runs = []
  await stage[Symbol.asyncDispose]()
})

const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), "rookery-cli-"))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** A chat whose input is a pipe that stays open. */
function chat(home: string = newHome()): CliRun & { type(line: string): void } {
  const run = runCli(["chat", "-s", stage.origin], { env: { HOME: home } })
  runs.push(run)
  return { ...run, type: (line) => void run.stdin.write(`${line}\n`) }
}

async function loggedIn(email: string, home?: string): Promise<ReturnType<typeof chat>> {
  const run = chat(home)
  run.type(`/token ${(await stage.link(email)).token}`)
  await run.stderr.line(/In lobby/)
  return run
}

describe("logging in", () => {
  it("asks for a link, takes the whole of it, and needs none the next time", async () => {
    const home = newHome()
    const run = chat(home)
    await run.stderr.line(/You are not logged in/)
    run.type("/login ada@example.com")
    await run.stderr.line(/A link is on its way to ada@example.com/)
    run.type(`/token ${(await stage.mails.next()).link}`)
    await run.stderr.line(/You are ada@example.com\./)
    run.type("/quit")
    expect(await run.code).toBe(0)

    const again = chat(home)
    await again.stderr.line(/You are ada@example.com\./)
    expect(again.stderr.text).not.toContain("not logged in")
  })

  it("keeps the session where only its owner reads it", async () => {
    const home = newHome()
    await loggedIn("ada@example.com", home)
    const file = join(home, ".local/state/rookery/sessions.json")
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it("ends the session everywhere with /logout, and forgets it", async () => {
    const home = newHome()
    const run = await loggedIn("ada@example.com", home)
    const other = chat(home)
    await other.stderr.line(/In lobby/)
    run.type("/logout")
    await run.stderr.line(/Logged out/)
    await other.stderr.line(/the session has ended; log in again/)
    expect(readFileSync(join(home, ".local/state/rookery/sessions.json"), "utf8")).not.toContain("token")
    run.type("hello?")
    await run.stderr.line(/Not sent \(you are not logged in.*\): hello\?/)
    expect(run.stderr.text).not.toContain("trying again")
  })

  it("needs no link on the server's own machine, and remembers that session, too", async () => {
    await stage[Symbol.asyncDispose]()
    stage = await ChatStage.open({ mail: logMail(() => {}) })
    const home = newHome()
    const run = chat(home)
    await run.stderr.line(/You are not logged in: \/here logs you in at once, \/login/)
    run.type("/here")
    await run.stderr.line(/You are Ada \(ada@localhost\)\./)
    await run.stderr.line(/In lobby/)
    const other = chat()
    other.type("/here")
    await other.stderr.line(/You are Grace \(grace@localhost\)\./)
    run.type("/quit")
    expect(await run.code).toBe(0)
    await chat(home).stderr.line(/You are Ada/)
  })

  it("says so where that is not offered", async () => {
    const run = chat()
    await run.stderr.line(/You are not logged in: \/login <email>/)
    run.type("/here")
    await run.stderr.line(/This server logs nobody in without a link: \/login <email>/)
    run.stdin.end()
    expect(await run.code).toBe(1)
  })

  it("says why a link did not do", async () => {
    const run = chat()
    run.type("/token nonsense")
    await run.stderr.line(/rookery: .*ask for a new one/)
    run.type("/login nobody")
    await run.stderr.line(/that is not an e-mail address/)
    run.stdin.end()
    expect(await run.code).toBe(1)
  })
})

describe("talking", () => {
  it("shows what is said, by display name and address", async () => {
    const [ada, bob] = [await loggedIn("ada@example.com"), await loggedIn("bob@example.com")]
    ada.type("/name Ada Lovelace")
    await ada.stderr.line(/You are Ada Lovelace \(ada@example.com\) now\./)
    await bob.stderr.line(/ada@example.com is Ada Lovelace \(ada@example.com\) now\./)
    ada.type("hello, Bob")
    bob.type("//me waves")
    for (const { stdout } of [ada, bob]) {
      expect(await stdout.line(/hello/)).toMatch(/^\d\d:\d\d Ada Lovelace \(ada@example\.com\): hello, Bob$/)
      expect(await stdout.line(/waves/)).toMatch(/^\d\d:\d\d bob@example\.com: \/me waves$/)
    }
    ada.type("/name")
    await bob.stderr.line(/ada@example.com is ada@example.com now\./)
    ada.type("last")
    await ada.stdout.line(/last/)
    expect(ada.stdout.lines).toHaveLength(3)
  })

  it("tells who comes and who goes", async () => {
    const ada = await loggedIn("ada@example.com")
    const bob = await loggedIn("bob@example.com")
    await ada.stderr.line(/bob@example.com joined$/)
    ada.type("/users")
    await ada.stdout.line(/^ {2}ada@example.com$/)
    await ada.stdout.line(/^ {2}bob@example.com$/)
    bob.type("/quit")
    await ada.stderr.line(/bob@example.com left$/)
    expect(ada.stdout.lines).toHaveLength(2)
  })

  it("shows what was said in a room to who joins it", async () => {
    const ada = await loggedIn("ada@example.com")
    ada.type("/join dev")
    await ada.stderr.line(/In dev: ada@example.com/)
    ada.type("before Bob came")
    await ada.stdout.line(/before/)
    const bob = await loggedIn("bob@example.com")
    bob.type("/join #dev")
    await bob.stderr.line(/In dev: ada@example.com, bob@example.com/)
    expect(bob.stdout.lines).toEqual([expect.stringMatching(/^\d\d:\d\d ada@example\.com: before Bob came$/)])
  })

  it("talks into the room that was joined last, and names the others", async () => {
    const [ada, bob] = [await loggedIn("ada@example.com"), await loggedIn("bob@example.com")]
    ada.type("/join dev")
    await ada.stderr.line(/In dev/)
    bob.type("in the lobby")
    expect(await ada.stdout.line(/in the lobby/)).toMatch(/^\d\d:\d\d #lobby bob@example\.com: in the lobby$/)
    ada.type("/leave")
    await ada.stderr.line(/Left dev\./)
    ada.type("in the lobby, too")
    await bob.stdout.line(/ada@example\.com: in the lobby, too/)
    ada.type("/leave lobby")
    ada.type("to nobody")
    await ada.stderr.line(/Not sent \(you are in no room; \/join one\): to nobody/)
  })

  it("counts what is unread in the rooms that are not typed into", async () => {
    const [ada, bob] = [await loggedIn("ada@example.com"), await loggedIn("bob@example.com")]
    ada.type("/join dev")
    await ada.stderr.line(/In dev/)
    ada.type("mine")
    await ada.stdout.line(/mine/)
    for (const text of ["one", "two"]) {
      bob.type(text)
      await ada.stdout.line(new RegExp(`#lobby .*${text}`))
    }
    ada.type("/rooms")
    await ada.stdout.line(/^ {2}#lobby {2}2 unread$/)
    await ada.stdout.line(/^ {2}#dev {2}here$/)
    ada.type("/join lobby")
    ada.type("/rooms")
    await ada.stdout.line(/^ {2}#lobby {2}here$/)
    expect(await ada.stdout.line(/^ {2}#dev$/)).toBe("  #dev")
  })

  it("shows a message of several lines as one line of text", async () => {
    const ada = await loggedIn("ada@example.com")
    const bob = await stage.person("bob@example.com")
    const room = bob.channel("room:lobby")
    await room.join()
    await room.push("send", { content: "one\ntwo" })
    expect(await ada.stdout.line(/one/)).toMatch(/bob@example\.com: one\\ntwo$/)
  })

  it("says when the connection is lost, and when it is back", async () => {
    const ids: string[] = []
    stage.chat.endpoint.on("socketConnected", ({ socket }) => void ids.push(socket.id ?? ""))
    const ada = await loggedIn("ada@example.com")
    for (const id of ids) stage.chat.endpoint.disconnect(id)
    await ada.stderr.line(/The connection is lost; trying again in \d+ s\./)
    await ada.stderr.line(/Connected again\./)
    ada.type("still here")
    await ada.stdout.line(/still here/)
    expect(ada.stderr.text.match(/You are ada/g)).toHaveLength(1)
  })
})

describe("what is typed", () => {
  it.each([
    ["/usrs", "There is no /usrs; did you mean /users?"],
    ["/frobnicate", "There is no /frobnicate; see /help"],
    ["/join", "/join <room>"],
    ["/login", "/login <email>"],
    ["/join NO", "NO was not joined: a room's name is up to 64 small letters"],
    ["/leave dev", "You are not in dev"],
    [`/name ${"x".repeat(51)}`, "a name has 1 to 50 characters"],
    ["x".repeat(4001), "Not sent (the message is longer than 4000 characters)"],
  ])("is refused with words that help: $1", async (line, said) => {
    const run = await loggedIn("ada@example.com")
    run.type(line)
    await run.stderr.line(new RegExp(said.replace(/[?()/.]/g, "\\$&")))
    run.stdin.end()
    expect(await run.code).toBe(1)
  })

  it("is carried out one line of input after the other, to the end of the pipe", async () => {
    const home = newHome()
    const first = await loggedIn("ada@example.com", home)
    first.type("/quit")
    await first.code
    const stdin = "/name Ada\nfirst\n/join dev\nsecond\n\n/leave\nthird\n"
    const run = runCli(["chat", "-s", stage.origin], { stdin, env: { HOME: home } })
    expect(await run.code).toBe(0)
    const said = run.stdout.lines.map((line) => line.slice("00:00 ".length))
    expect(said).toEqual(["first", "second", "third"].map((word) => `Ada (ada@example.com): ${word}`))
  })

  it("is explained by /help", async () => {
    const run = chat()
    run.type("/help")
    await run.stdout.line(/slash/)
    for (const name of [
      "here",
      "login",
      "token",
      "name",
      "join",
      "leave",
      "users",
      "rooms",
      "logout",
      "help",
      "quit",
    ]) {
      expect(run.stdout.text).toMatch(new RegExp(`^/${name} `, "m"))
    }
  })
})

describe("the command", () => {
  it("exits with 2 where there is no server any more", async () => {
    const home = newHome()
    const first = await loggedIn("ada@example.com", home)
    first.type("/quit")
    await first.code
    await stage.chat.close()
    const run = runCli(["chat", "-s", stage.origin], { env: { HOME: home } })
    expect([await run.code, run.stderr.lines]).toEqual([2, [expect.stringContaining("is it running?")]])
  })

  it.each(["localhost:8000", "ftp://localhost", "http://"])(
    "exits with 64 for a server that is none: %s",
    async (server) => {
      const run = runCli(["chat", "--server", server])
      expect([await run.code, run.stderr.lines]).toEqual([64, [expect.stringContaining(server)]])
    },
  )

  it("ends when it is told to", async () => {
    const run = await loggedIn("ada@example.com")
    run.end("SIGTERM")
    expect(await run.code).toBe(143)
  })
})
