import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import { HAS_REDIS, RedisServer } from "../../../spec/support/redis-server.js"
import type { Ports } from "./hosts.js"
import { FIRST, SECOND } from "./priority.js"
import type { AttackReport, HonestReport, Order, ServerQuestion, ServerReport } from "./reports.js"

/** The heap of the endpoint's process: half of Node's default, as on a small machine. */
const HEAP_MIB = 2048

const LAST_WORDS_MS = 200

/** The endpoint's process ended during an attack. */
export class EndpointDown extends Error {}

/**
 * Starts a process with a priority, so that attackers do not take the cores of the endpoint and of the honest clients
 * on a small machine. The command `nice` sets it, because the threads of the garbage collector keep the priority that
 * they start with; if the priority is not allowed, `nice` prints a warning and runs the program.
 */
function start(name: string, niceness: number, flags: readonly string[], ...args: readonly string[]): ChildProcess {
  const execArgv = ["-n", String(niceness), process.execPath, ...flags, ...process.execArgv]
  const stdio = ["ignore", "inherit", "pipe", "ipc"] as const
  return fork(new URL(name, import.meta.url), args, { execPath: "nice", execArgv, detached: true, stdio: [...stdio] })
}

/** Collects the error output of a process; the function returns its end. */
function lastWords(child: ChildProcess): () => string {
  let said = ""
  child.stderr?.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)))
  return () => /^.*(?:Error|FATAL|ERR_).*$/m.exec(said)?.[0] ?? said.trim().slice(-200)
}

/** The next message of a process; rejects if the endpoint's process ends before. */
async function answer<T>(child: ChildProcess, down: Promise<never>): Promise<T> {
  const [message] = (await Promise.race([once(child, "message"), down])) as [T]
  return message
}

/** The endpoint, the attackers and the honest clients, each in a separate process. */
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
    // A Redis would outlive its parent, so it is killed with it.
    process.once("exit", () => void redis?.kill())
    if (process.listenerCount("SIGTERM") === 0) process.once("SIGTERM", () => process.exit(1))
    const heap = `--max-old-space-size=${HEAP_MIB}`
    const endpoint = start("endpoint-process.ts", FIRST, [heap], ...(redis === undefined ? [] : [redis.url]))
    const words = lastWords(endpoint)
    const down = once(endpoint, "exit").then(async ([code, signal]: unknown[]) => {
      // The last output may arrive after the exit event.
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

  /** The honest clients' report since the last one. */
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
