import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Socket, type Channel } from "rookery"
import { restartDelay } from "../../lib/runtime/node/workers/workers.js"
import { compiled } from "../support/compiled.js"
import { freePort } from "../support/free-port.js"
import { PATIENCE } from "../support/patience.js"
import { Program } from "../support/program.js"
import { HAS_REDIS } from "../support/redis-server.js"
import { redisSuite } from "../support/redis-suite.js"

/** A server of several workers. */
interface House {
  readonly program: Program
  readonly port: number
  readonly primary: number
}

/** A client in a room, and the worker that it came to. */
interface Client {
  readonly socket: Socket
  readonly room: Channel
  readonly pid: number
  readonly heard: number[]
}

interface Answer {
  status: number
  token?: string
  messages?: string[]
}

/** Asks by one HTTP request on the connection of an agent. */
function ask(
  agent: Agent,
  port: number,
  method: string,
  token = "",
  body = "",
  own: Record<string, string> = {},
): Promise<Answer> {
  const headers = {
    ...own,
    ...(token && { "x-phoenix-longpoll-token": token }),
    "content-type": "application/x-ndjson",
  }
  return new Promise((resolve, reject) => {
    const asked = request(
      { agent, port, host: "127.0.0.1", method, path: "/socket/longpoll?vsn=2.0.0", headers },
      async (response) => {
        let text = ""
        for await (const chunk of response) text += String(chunk)
        resolve(JSON.parse(text || JSON.stringify({ status: response.statusCode })) as Answer)
      },
    )
    asked.once("error", reject)
    asked.end(body)
  })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // One that has ended stays until its parent has heard of it, which an init of containers may never.
    return process.platform !== "linux" || !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

it("workers that go on failing are started again after pauses that grow, up to ten seconds", () => {
  expect([0, 1, 2, 3, 10, 10_000].map(restartDelay)).toEqual([100, 200, 400, 800, 10_000, 10_000])
})

it("a worker that cannot start fails the start of all, with its exit code", async () => {
  const program = new Program(process.execPath, [compiled("spec/support/worker-program.ts"), "--fails", "--count", "3"])
  expect((await program.printed(/^failed with (\d+): a worker ended with code 7 before it listened/))[1]).toBe("7")
  expect(await program.ended()).toBe(0)
  expect(program.output.match(/starts/g)).toHaveLength(1)
})

it("a session that begins at a worker to which its request was passed on has the address of its client", async () => {
  const port = await freePort()
  const program = new Program(process.execPath, [
    compiled("spec/support/worker-program.ts"),
    ...["--count", "2", "--port", String(port)],
  ])
  const agents: Agent[] = []
  const oneConnection = (): Agent => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    return agent
  }
  const forged = { "x-rookery-peer": "192.0.2.1" }
  try {
    await program.printed(/^primary (\d+) is ready$/)
    const join = JSON.stringify(["1", "1", "room:1", "phx_join", {}])
    // Connections go to one worker after the other: two of these come to the other worker than the one they name.
    for (const mark of ["1", "1", "2", "2"]) {
      const agent = oneConnection()
      const { token = "" } = await ask(agent, port, "GET", `${mark}.bogus`, "", forged)
      expect(token.slice(0, 2)).toBe(`${mark}.`)
      expect(await ask(agent, port, "POST", token, join)).toEqual({ status: 200 })
      const { messages = [] } = await ask(agent, port, "GET", token)
      expect(JSON.parse(messages[0] ?? "[]")).toMatchObject({ 4: { response: { address: "127.0.0.1" } } })
    }
  } finally {
    for (const agent of agents) agent.destroy()
    await program.kill()
  }
})

describe.skipIf(!HAS_REDIS)("workers at one port, over one Redis", () => {
  const suite = redisSuite()
  const { undo } = suite
  const agents: Agent[] = []
  afterEach(() => {
    for (const agent of agents.splice(0)) agent.destroy()
  })

  async function house(count: number): Promise<House> {
    const port = await freePort()
    const args = [
      "--redis",
      suite.server.url,
      "--prefix",
      randomUUID(),
      "--count",
      String(count),
      "--port",
      String(port),
    ]
    const program = new Program(process.execPath, [compiled("spec/support/worker-program.ts"), ...args])
    undo.push(() => program.kill())
    const primary = Number((await program.printed(/^primary (\d+) is ready$/))[1])
    return { program, port, primary }
  }

  /** The workers that have been started. */
  const pidsOf = ({ program }: House): number[] =>
    [...program.output.matchAll(/^worker (\d+) starts$/gm)].map(([, pid]) => Number(pid))

  function oneConnection(): Agent {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    return agent
  }

  /** A client in a room, and the worker that it is at. */
  async function client({ port }: House): Promise<Client> {
    const socket = new Socket(`ws://127.0.0.1:${port}/socket`, {
      reconnectAfterMs: () => 50,
      rejoinAfterMs: () => 50,
    })
    undo.push(() => socket.disconnect())
    const room = socket.channel("room:1", {}, { recover: true })
    const heard: number[] = []
    room.on("shout", (payload) => void heard.push((payload as { n: number }).n))
    socket.connect()
    const { pid } = (await room.join()) as { pid: number }
    return { socket, room, pid, heard }
  }

  /** Two clients at different workers: connections go to one worker after the other. */
  async function apart(of: House): Promise<[Client, Client]> {
    const first = await client(of)
    for (;;) {
      const second = await client(of)
      if (second.pid !== first.pid) return [first, second]
    }
  }

  it("are one endpoint: clients at different workers see one another", async () => {
    const [ada, bob] = await apart(await house(2))
    await ada.room.push("shout", { n: 1 })
    await bob.room.push("shout", { n: 2 })
    await vi.waitFor(
      () =>
        expect([ada.heard, bob.heard]).toEqual([
          [1, 2],
          [1, 2],
        ]),
      PATIENCE,
    )
  })

  it("keep sessions of long-poll, whichever worker a connection comes to and however many requests it has", async () => {
    const { port } = await house(3)
    // More connections than workers, and sessions that take turns on each of them.
    const connections = Array.from({ length: 5 }, oneConnection)
    const agentAt = (index: number): Agent => connections[index % connections.length] as Agent
    const tokens: string[] = []
    for (let n = 0; n < 4; n++) {
      const { status, token = "" } = await ask(agentAt(n), port, "GET")
      expect(status).toBe(410)
      tokens.push(token)
      const join = JSON.stringify(["1", "1", `room:${n}`, "phx_join", {}])
      expect(await ask(agentAt(n + 1), port, "POST", token, join)).toEqual({ status: 200 })
      const joined = await ask(agentAt(n + 2), port, "GET", token)
      expect([joined.status, joined.token, joined.messages?.[0]]).toEqual([200, token, expect.stringContaining('"ok"')])
    }
    for (let poll = 0; poll < 24; poll++) {
      for (const [n, token] of tokens.entries()) {
        const push = JSON.stringify(["1", `${poll + 2}`, `room:${n}`, "shout", { n: poll }])
        expect(await ask(agentAt(n + poll), port, "POST", token, push)).toEqual({ status: 200 })
        let got = ""
        while (!got.includes(`{"n":${poll}}`)) {
          const polled = await ask(agentAt(n + 2 * poll + 1), port, "GET", token)
          expect([polled.status, polled.token]).toEqual([200, token])
          got += polled.messages?.join("\n") ?? ""
        }
      }
    }
  })

  it("begin a new session for one whose worker was killed, and answer a push of it with 410", async () => {
    const of = await house(2)
    const agent = oneConnection()
    const sessions = new Map<string, string>()
    while (sessions.size < 2) {
      const { token = "" } = await ask(oneConnection(), of.port, "GET")
      sessions.set(token.replace(/\..*/, ""), token)
    }
    for (const [at, pid] of pidsOf(of).entries()) {
      process.kill(pid, "SIGKILL")
      await vi.waitFor(() => expect(of.program.output.match(/ listens /g)).toHaveLength(3 + at), PATIENCE)
      expect(of.program.output).toMatch(new RegExp(`worker ${pid} ended by SIGKILL; another one starts in \\d+ ms`))
    }
    for (const token of sessions.values()) {
      expect(await ask(agent, of.port, "POST", token, "[]")).toEqual({ status: 410 })
      const anew = await ask(agent, of.port, "GET", token)
      expect([anew.status, [...sessions.values()].includes(anew.token ?? "")]).toEqual([410, false])
    }
  })

  it("are started again when one is killed, and its clients recover", async () => {
    const of = await house(2)
    const [ada, bob] = await apart(of)
    await bob.room.push("shout", { n: 1 })
    await vi.waitFor(() => expect(ada.heard).toEqual([1]), PATIENCE)
    process.kill(ada.pid, "SIGKILL")
    for (let n = 2; n <= 10; n++) await bob.room.push("shout", { n })
    await vi.waitFor(() => expect(ada.heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), PATIENCE)
    await vi.waitFor(() => expect(of.program.output.match(/listens/g)).toHaveLength(3), PATIENCE)
    expect(of.program.output).toMatch(/worker \d+ ended by SIGKILL; another one starts in \d+ ms/)
    expect(pidsOf(of).filter(isAlive)).toHaveLength(2)
  })

  it("all drain at SIGTERM, though the whole group of processes gets one too", async () => {
    const of = await house(2)
    const [ada, bob] = await apart(of)
    const closed = [ada, bob].map(({ socket }) => new Promise((resolve) => socket.onClose(({ code }) => resolve(code))))
    expect(await of.program.kill("SIGTERM")).toBe(0)
    expect(await Promise.all(closed)).toEqual([1012, 1012])
    expect(of.program.output.match(/has drained/g)).toHaveLength(2)
    expect(of.program.output.match(/^worker \d+ exits: 0$/gm)).toHaveLength(2)
    expect(of.program.output).toContain("all have ended")
  })

  it("leave no orphans when the primary process is killed", async () => {
    const of = await house(2)
    const pids = pidsOf(of)
    expect(pids.filter(isAlive)).toHaveLength(2)
    process.kill(of.primary, "SIGKILL")
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), PATIENCE)
  })
})
