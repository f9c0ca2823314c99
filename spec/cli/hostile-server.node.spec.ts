import { createHash } from "node:crypto"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { afterEach, describe, expect, it, onTestFinished } from "vitest"
import { Endpoint, Refused } from "rookery/server"
import { runCli, type CliRun } from "../support/cli.js"

/** Control sequences with which a hostile server would steer a terminal, in all their encodings. */
const ATTACK =
  "\u001b[2J\u001b]0;owned\u0007\u001b]52;c;ZXZpbA==\u001b\\\u001bP$q\u001b\\\u009b31m\u009d0;x\u009c\u0090\u0085" +
  "a\r\nrookery: all is well\r\b\b\u007f\u202egnp.exe\u2066\u2069\u200e\u200f\u2028\u2029\u{e0041}\ufeff\0"

// All control characters except the newline that ends the command's own lines of text.
// eslint-disable-next-line no-control-regex
const STEERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

function expectHarmless(run: CliRun): void {
  expect(run.stdout.text + run.stderr.text).not.toMatch(STEERS)
  // The server must not be able to write a line of text of its own.
  for (const line of `${run.stdout.text}${run.stderr.text}`.split("\n"))
    expect(line).not.toMatch(/^rookery: all is well/)
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** An endpoint that sends the attack wherever a server can send text. */
async function hostile(): Promise<{ url: string; endpoint: Endpoint }> {
  const endpoint = new Endpoint({ logger: false })
  endpoint.channel("room:*", {
    join: () => ({ welcome: ATTACK, [ATTACK]: [ATTACK] }),
    joined: (room) => room.track(ATTACK, { name: ATTACK }),
    receive: {
      echo: () => ({ [ATTACK]: ATTACK }),
      refuse: () => {
        throw new Refused({ reason: ATTACK, [ATTACK]: 1 })
      },
      crash: () => {
        throw new Error(ATTACK)
      },
    },
  })
  endpoint.channel("closed:*", {
    join: () => {
      throw new Refused({ reason: ATTACK })
    },
  })
  const { port } = await endpoint.listen()
  closing.push(() => endpoint.close({ deadlineMs: 0 }))
  return { url: `ws://127.0.0.1:${port}/socket`, endpoint }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function tail(args: string[]): CliRun {
  const run = runCli(["tail", ...args])
  onTestFinished(async () => {
    run.end("SIGINT")
    await run.code
  })
  return run
}

const WAYS = ["json", "msgpack", "v1"].flatMap((name) => [
  [name, "a websocket", ["--serializer", name]] as const,
  [name, "long-poll", ["--serializer", name, "--longpoll"]] as const,
])

describe.each(WAYS)("in %s over %s, a server that would steer a terminal", (_serializer, _transport, options) => {
  it.each([[[]], [["--json"]], [["--frames"]], [["--frames", "--json"]]])(
    "is shown harmless by tail %j",
    async (how) => {
      const { url, endpoint } = await hostile()
      const topic = `room:${ATTACK}`
      const run = tail([url, topic, ...options, ...how])
      if (how.includes("--frames")) await run.stdout.line(/presence_state/)
      else await run.stderr.line(/joined room:/)
      endpoint.broadcast(topic, ATTACK, { [ATTACK]: ATTACK })
      endpoint.broadcast(topic, "last", { n: 4711 })
      await run.stdout.line(/4711/)
      endpoint.kick(topic, "nobody")
      await endpoint.close({ deadlineMs: 0 })
      await run.stderr.line(/trying again|cannot connect/)
      run.end("SIGINT")
      await run.code
      expectHarmless(run)
      expect(run.stdout.text).toContain("\\u001b[2J")
    },
  )

  it("is shown harmless in refusals, answers and crashes", async () => {
    const { url } = await hostile()
    for (const [topic, event] of [
      [`room:${ATTACK}`, "echo"],
      [`room:${ATTACK}`, "refuse"],
      [`room:${ATTACK}`, "crash"],
      [`room:${ATTACK}`, ATTACK],
      [`closed:${ATTACK}`, "echo"],
      [ATTACK, "echo"],
    ] as const) {
      const run = runCli(["push", url, topic, event, "{}", ...options, "--timeout", "5000"])
      await run.code
      expect(run.stdout.text + run.stderr.text).not.toBe("")
      expectHarmless(run)
    }
    const run = tail([url, `closed:${ATTACK}`, ...options])
    expect(await run.code).toBe(2)
    expectHarmless(run)
  })
})

describe("a server that speaks raw HTTP to a terminal", () => {
  const ANSWERS: [what: string, answer: (socket: Duplex, key: string) => void][] = [
    [
      "a status that says it",
      (socket) => socket.end(`HTTP/1.1 403 ${"\u001b[2J\u009b31m"}\r\ncontent-length: 0\r\n\r\n`, "latin1"),
    ],
    ["a body that says it", (socket) => socket.end(`HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\n\u001b[2J`)],
    ["a line that is none", (socket) => socket.end(`\u001b[2J\r\n\r\n`)],
    [
      "a close whose reason says it",
      (socket, key) => {
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")
        const reason = Buffer.from("\u001b[2J\u009b31m\r\nrookery: all is well")
        const head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        socket.write(`${head}sec-websocket-accept: ${accept}\r\n\r\n`)
        socket.end(Buffer.concat([Buffer.from([0x88, reason.length + 2, 0x0f, 0xa0]), reason]))
      },
    ],
  ]
  it.each(ANSWERS)("is shown harmless: %s", async (_what, answer) => {
    const server = createServer((request) => answer(request.socket, ""))
    server.on("upgrade", (request, socket) => answer(socket, request.headers["sec-websocket-key"] ?? ""))
    const url = `ws://127.0.0.1:${await listen(server)}/socket`
    for (const way of [[], ["--longpoll"]]) {
      const run = runCli(["push", url, "room:1", "echo", "{}", ...way, "--timeout", "1000"])
      expect(await run.code).toBe(2)
      expectHarmless(run)
      const tailed = tail([url, "room:1", ...way, "--timeout", "1000"])
      await tailed.stderr.line(/rookery: cannot connect|rookery: the connection was lost/)
      tailed.end("SIGINT")
      await tailed.code
      expectHarmless(tailed)
    }
  })

  it("is shown harmless by the chat, in all that it answers", async () => {
    const server = createServer((request, response) => {
      request.resume()
      response.writeHead(request.url === "/api/login" ? 400 : 401, { "content-type": "application/json" })
      response.end(JSON.stringify({ error: ATTACK, code: 400 }))
    })
    const run = runCli(["chat", "--server", `http://127.0.0.1:${await listen(server)}`], {
      stdin: `/login ${ATTACK.replaceAll(/[\r\n]/g, "")}\n/token ${"A".repeat(43)}\n/\u001b[2J\n\u009b31m said\n`,
      env: { HOME: "/nowhere", XDG_STATE_HOME: "/nowhere" },
    })
    expect(await run.code).toBe(1)
    expect(run.stderr.text).toContain("\\u001b[2J")
    expectHarmless(run)
  })
})
