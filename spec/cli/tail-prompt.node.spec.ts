import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { runCli, type CliRun } from "../support/cli.js"
import { startReferenceApp, type ReferenceApp } from "../support/reference-app.js"

let app: ReferenceApp
let url: string
beforeAll(async () => {
  app = await startReferenceApp()
  url = `ws://localhost:${app.port}/socket`
})
afterAll(() => app.close())

// eslint-disable-next-line no-control-regex
const COLOURED = /\u001b\[36m"text"\u001b\[39m:\u001b\[32m"hi"/

/** Makes topics that no other test uses. */
let topics = 0
const newTopic = (): string => `room:${++topics}`

function tail(args: string[], options?: Parameters<typeof runCli>[1]): CliRun {
  const run = runCli(["tail", ...args], options)
  onTestFinished(async () => {
    run.end("SIGINT")
    await run.code
  })
  return run
}

interface Typing extends CliRun {
  readonly topic: string
  /** Types a line of input. */
  enter(line: string): void
  /** Sends a message to the topic, and waits until a part of it is shown. */
  hears(event: string, payload: object, shown: RegExp): Promise<void>
  /** All that was drawn. */
  drawn(): string
}

/** A tail of a topic in a terminal, joined. */
async function typing(args: string[] = [], env: Record<string, string> = { NO_COLOR: "1" }): Promise<Typing> {
  const topic = newTopic()
  const run = tail([url, topic, ...args], { isTTY: true, isTyped: true, env })
  const drawn = (): string => run.stdout.text
  await expect.poll(drawn).toContain(`joined ${topic}`)
  return {
    ...run,
    topic,
    drawn,
    enter: (line) => void run.stdin.write(`${line}\r`),
    async hears(event, payload, shown) {
      app.endpoint.broadcast(topic, event, payload)
      await expect.poll(drawn).toMatch(shown)
    },
  }
}

describe("a tail in a terminal", () => {
  it("has a prompt, and says there what happens to the connection", async () => {
    const { drawn, topic, stderr } = await typing()
    expect(drawn()).toContain(`${topic}> `)
    expect(drawn()).toContain("connected to ws://localhost")
    expect(stderr.text).toBe("")
  })

  it("shows messages above the prompt", async () => {
    const { hears, topic } = await typing()
    await hears("shout", { text: "hi" }, new RegExp(`\\d\\d:\\d\\d:\\d\\d\\.\\d{3} ${topic} shout {"text":"hi"}\n`))
  })

  it("colours payloads, unless NO_COLOR says otherwise", async () => {
    await (await typing([], {})).hears("shout", { text: "hi" }, COLOURED)
    await (await typing()).hears("shout", { text: "hi" }, /shout {"text":"hi"}/)
  })

  it("pushes to its topic, and shows the answer", async () => {
    const { enter, drawn, topic } = await typing()
    enter('/push echo {"text": "a  b"}')
    await expect.poll(drawn).toContain(`${topic} echo answered ok {"text":"a  b"}`)
    enter("/push fail")
    await expect.poll(drawn).toContain(`${topic} fail answered error {"reason":"nope"}`)
    enter("/push echo {")
    await expect.poll(drawn).toContain("the payload is not JSON")
  })

  it("pushes to the topic that was chosen", async () => {
    const other = newTopic()
    const { enter, drawn, topic } = await typing([other])
    enter(`/topic ${other}`)
    await expect.poll(drawn).toContain(`${other}> `)
    enter("/push echo {}")
    await expect.poll(drawn).toContain(`${other} echo answered ok`)
    enter("/topic room:elsewhere")
    await expect.poll(drawn).toContain(`there are ${topic}, ${other}`)
  })

  it("shows only the events of its filter, which the prompt names", async () => {
    const { enter, drawn, hears, topic } = await typing()
    enter("/filter sh* !shy")
    await expect.poll(drawn).toContain(`${topic} (sh* !shy)> `)
    for (const event of ["other", "shy"]) app.endpoint.broadcast(topic, event, {})
    await hears("shout", { n: 1 }, /shout {"n":1}/)
    expect(drawn()).not.toMatch(/ (?:other|shy) {}/)
    enter("/filter")
    await expect.poll(() => drawn().endsWith(`${topic}> \u001b[${topic.length + 3}G`)).toBe(true)
    await hears("other", { n: 2 }, /other {"n":2}/)
  })

  it("begins with the filter of its arguments", async () => {
    const { topic, hears, drawn } = await typing(["--event", "shout"])
    app.endpoint.broadcast(topic, "other", {})
    await hears("shout", { n: 1 }, /shout {"n":1}/)
    expect(drawn()).not.toContain("other {}")
  })

  it("folds payloads, shows one of them whole, and unfolds those that come", async () => {
    const { enter, drawn, hears } = await typing()
    const payload = { n: 1, in: { text: "x".repeat(60), list: [{ a: 1 }] } }
    await hears("shout", payload, /shout {"n":1,"in":{… 2}}\n/)
    expect(drawn()).not.toContain("x".repeat(60))
    await hears("shout", { n: 2 }, /"n":2/)
    enter("/show 2")
    await expect.poll(drawn).toMatch(/shout {\n {6}"n": 1,\n {6}"in": {\n {8}"text": "x{60}",/)
    enter("/show 99")
    await expect.poll(drawn).toContain("there are 2 messages to show")
    enter("/unfold")
    await expect.poll(drawn).toContain("/unfold")
    await hears("shout", { n: 3 }, /shout {\n {6}"n": 3\n {4}}\n/)
    enter("/fold")
    await expect.poll(drawn).toContain("/fold\r\n")
    await hears("shout", { n: 4 }, /shout {"n":4}\n/)
  })

  it("holds messages back while it is paused", async () => {
    const { enter, drawn, topic } = await typing()
    enter("/pause")
    await expect.poll(drawn).toContain(`${topic} (paused)> `)
    for (let n = 0; n < 1001; n++) app.endpoint.broadcast(topic, "shout", { n })
    // Answered after all of these have come.
    enter("/push echo {}")
    await expect.poll(drawn).toContain("echo answered ok")
    expect(drawn()).not.toContain('shout {"n"')
    enter("/resume")
    await expect.poll(drawn).toContain('shout {"n":1000}')
    expect(drawn()).toContain("only the last 1000 messages were kept back; 1 before them were dropped")
    expect(drawn()).toContain('shout {"n":1}\n')
    expect(drawn()).not.toContain('shout {"n":0}\n')
  })

  it("completes the events that were seen by the Tab key, and none that would steer the terminal", async () => {
    const { hears, stdin, drawn, topic } = await typing()
    app.endpoint.broadcast(topic, "echo\u001b[2J", {})
    await hears("echo", {}, /echo {}/)
    // A Tab with more behind it in one piece would count as pasted.
    stdin.write("/push ec\t")
    stdin.write(" {}\r")
    await expect.poll(drawn).toContain("echo answered ok")
    expect(drawn()).not.toContain("\u001b[2J")
  })

  it("lists its commands, and says what was meant", async () => {
    const { enter, drawn } = await typing()
    enter("/help")
    await expect.poll(drawn).toContain("holds messages back")
    enter("/quti")
    await expect.poll(drawn).toContain("there is no /quti; did you mean /quit?")
    enter("hello")
    await expect.poll(drawn).toContain("commands begin with a slash")
  })

  it.each<[how: string, keys: string, code: number]>([
    ["/quit", "/quit\r", 0],
    ["Ctrl-D", "\u0004", 0],
    ["Ctrl-C", "\u0003", 130],
  ])("ends with %s", async (_how, keys, code) => {
    const { stdin, code: ended } = await typing()
    stdin.write(keys)
    expect(await ended).toBe(code)
  })

  it.each([[["--plain"]], [["--json"]], [["--frames"]]])("has no prompt with %j", async (how) => {
    const topic = newTopic()
    const run = tail([url, topic, ...how], { isTTY: true, isTyped: true, env: { NO_COLOR: "1" } })
    if (how.includes("--frames")) await run.stdout.line(/phx_reply/)
    else await run.stderr.line(/joined/)
    app.endpoint.broadcast(topic, "shout", { text: "last" })
    await run.stdout.line(/last/)
    expect(run.stdout.text).not.toContain(`${topic}> `)
  })

  it("has no prompt where standard input is a token, nor in a terminal that draws nothing", async () => {
    const topic = newTopic()
    const token = tail([url, topic, "--auth-token", "-"], { isTTY: true, isTyped: true, stdin: "secret\n" })
    const dumb = tail([url, topic], { isTTY: true, isTyped: true, env: { TERM: "dumb" } })
    for (const { stdout, stderr } of [token, dumb]) {
      await stderr.line(/joined/)
      expect(stdout.text).toBe("")
    }
  })
})

describe("a tail whose output is no terminal", () => {
  it("takes commands from a pipe if it is asked to, and ends with them", async () => {
    const topic = newTopic()
    const run = tail([url, topic, "--interactive"], { stdin: '/push shout {"n":1}\n/push echo {"n":2}\n' })
    expect(await run.code).toBe(0)
    expect(run.stdout.lines.map((line) => line.replace(/^\S+ /, "")).sort()).toEqual([
      `${topic} echo answered ok {"n":2}`,
      `${topic} shout answered ok {}`,
      `${topic} shout {"n":1}`,
    ])
    expect(run.stderr.text).toContain(`rookery: joined ${topic}`)
  })

  it("carries out nothing that the pipe has behind /quit", async () => {
    const topic = newTopic()
    const run = tail([url, topic, "--interactive"], { stdin: "/push echo {}\n/quit\n/push fail {}\n/quti\n" })
    expect(await run.code).toBe(0)
    expect(run.stdout.lines.map((line) => line.replace(/^\S+ /, ""))).toEqual([`${topic} echo answered ok {}`])
  })

  it("exits with 1 after a command of the pipe that was refused", async () => {
    const run = tail([url, newTopic(), "--interactive"], { stdin: "/push fail {}\n" })
    expect(await run.code).toBe(1)
  })

  it("shows only events like those that it is asked for", async () => {
    const topic = newTopic()
    const run = tail([url, topic, "--event", "sh* !shy"])
    await run.stderr.line(/joined/)
    for (const event of ["other", "shy", "shout"]) app.endpoint.broadcast(topic, event, {})
    await run.stdout.line(/shout/)
    expect(run.stdout.lines).toHaveLength(1)
  })
})
