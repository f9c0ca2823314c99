import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import { HAS_REDIS, RedisServer } from "../../../spec/support/redis-server.js"
import type { Ports } from "./hosts.js"
import { FIRST, SECOND } from "./priority.js"
import type { AttackReport, HonestReport, Order, ServerQuestion, ServerReport } from "./reports.js"

/** The heap of the endpoint's process: half of what Node takes by itself, as on a small machine. */
const HEAP_MIB = 2048

const LAST_WORDS_MS = 200

/** An endpoint's process ended while it was attacked. */
export class EndpointDown extends Error {}

/**
 * On a machine of few cores attackers must not take those of the endpoint, nor of those who measure. By the command,
 * because threads that collect garbage have the priority that they were born with; where one may not be had, it says so
 * and goes on.
 */
function start(name: string, niceness: number, flags: readonly string[], ...args: readonly string[]): ChildProcess {
  const execArgv = ["-n", String(niceness), process.execPath, ...flags, ...process.execArgv]
  const stdio = ["ignore", "inherit", "pipe", "ipc"] as const
  return fork(new URL(name, import.meta.url), args, { execPath: "nice", execArgv, detached: true, stdio: [...stdio] })
}

/** Keeps what a process says of its end, and shows everything else. */
function lastWords(child: ChildProcess): () => string {
  let said = ""
  child.stderr?.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)))
  return () => /^.*(?:Error|FATAL|ERR_).*$/m.exec(said)?.[0] ?? said.trim().slice(-200)
}

/** The next message of a process; rejects if it ends before. */
async function answer<T>(child: ChildProcess, down: Promise<never>): Promise<T> {
  const [message] = (await Promise.race([once(child, "message"), down])) as [T]
  return message
}

/** The endpoint, those who attack it, and those who mean well: a process each. */
export class Processes {
  readonly #endpoint: ChildProcess
  readonly #attackers: ChildProcess
  readonly #honest: ChildProcess
  /** Rejects once the endpoint's process has ended by itself. */
  readonly #down: Promise<never>

  readonly #redis: RedisServer | undefined

  private constructor(
    redis: RedisServer | undefined,
    endpoint: ChildProcess,
    attackers: ChildProcess,
    honest: ChildProcess,
    down: Promise<never>,
  ) {
    this.#redis = redis
    this.#endpoint = endpoint
    this.#attackers = attackers
    this.#honest = honest
    this.#down = down
  }

  static async start(): Promise<Processes> {
    const redis = HAS_REDIS ? await RedisServer.start() : undefined
    // A Redis outlives its parent unless it is ended with it.
    process.once("exit", () => void redis?.kill())
    if (process.listenerCount("SIGTERM") === 0) process.once("SIGTERM", () => process.exit(1))
    const heap = `--max-old-space-size=${HEAP_MIB}`
    const endpoint = start("endpoint-process.ts", FIRST, [heap], ...(redis === undefined ? [] : [redis.url]))
    const words = lastWords(endpoint)
    const down = once(endpoint, "exit").then(async ([code, signal]: unknown[]) => {
      // What it said last may come behind the news of its end.
      await wait(LAST_WORDS_MS)
      throw new EndpointDown(`it ended with ${String(code ?? signal)}: ${words()}`)
    })
    down.catch(() => {})
    const ports = await answer<Ports>(endpoint, down)
    const rest = [
      start("attack-process.ts", SECOND, [], JSON.stringify(ports)),
      start("honest-process.ts", FIRST, [], String(ports.main)),
    ]
    await Promise.all(rest.map((child) => once(child, "message")))
    const [attackers, honest] = rest as [ChildProcess, ChildProcess]
    for (const child of rest) {
      const said = lastWords(child)
      child.once("exit", (code, signal) => {
        if (code !== null || signal !== "SIGTERM") throw new Error(`a process ended with ${code ?? signal}: ${said()}`)
      })
    }
    return new Processes(redis, endpoint, attackers, honest, down)
  }

  async server(question: ServerQuestion = "report"): Promise<ServerReport> {
    if (this.#endpoint.connected) this.#endpoint.send(question)
    return answer(this.#endpoint, this.#down)
  }

  /** What honest clients have seen since the last time. */
  async honest(): Promise<HonestReport> {
    this.#honest.send("report")
    return answer(this.#honest, this.#down)
  }

  async attack(order: Order): Promise<AttackReport> {
    this.#attackers.send(order)
    return answer(this.#attackers, this.#down)
  }

  async stop(): Promise<void> {
    for (const child of [this.#honest, this.#attackers, this.#endpoint]) child.kill("SIGTERM")
    await this.#redis?.[Symbol.asyncDispose]()
  }
}
