import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { FIRST, SECOND } from "./priority.js"
import type { AttackReport, HonestReport, Order, ServerQuestion, ServerReport } from "./reports.js"

/**
 * On a machine of few cores whoever attacks must not take those of the endpoint, nor of those who measure. By the command,
 * because threads that collect garbage have the priority that they were born with; where one may not be had, it says so
 * and goes on.
 */
function start(name: string, niceness: number, ...args: readonly string[]): ChildProcess {
  const execArgv = ["-n", String(niceness), process.execPath, ...process.execArgv]
  return fork(new URL(name, import.meta.url), args, { execPath: "nice", execArgv, detached: true })
}

/** The endpoint, those who attack it, and those who mean well: a process each. */
export class Processes {
  readonly #endpoint: ChildProcess
  readonly #attackers: ChildProcess
  readonly #honest: ChildProcess

  private constructor(endpoint: ChildProcess, attackers: ChildProcess, honest: ChildProcess) {
    this.#endpoint = endpoint
    this.#attackers = attackers
    this.#honest = honest
  }

  static async start(): Promise<Processes> {
    const endpoint = start("endpoint-process.ts", FIRST)
    const [port] = (await once(endpoint, "message")) as [number]
    const rest = [start("attack-process.ts", SECOND, String(port)), start("honest-process.ts", FIRST, String(port))]
    await Promise.all(rest.map((child) => once(child, "message")))
    const [attackers, honest] = rest as [ChildProcess, ChildProcess]
    for (const child of [endpoint, ...rest]) {
      child.once("exit", (code, signal) => {
        if (code !== null || signal !== "SIGTERM") throw new Error(`a process ended with ${code ?? signal}`)
      })
    }
    return new Processes(endpoint, attackers, honest)
  }

  async server(question: ServerQuestion = "report"): Promise<ServerReport> {
    this.#endpoint.send(question)
    const [report] = (await once(this.#endpoint, "message")) as [ServerReport]
    return report
  }

  /** What honest clients have seen since the last time. */
  async honest(): Promise<HonestReport> {
    this.#honest.send("report")
    const [report] = (await once(this.#honest, "message")) as [HonestReport]
    return report
  }

  async attack(order: Order): Promise<AttackReport> {
    this.#attackers.send(order)
    const [report] = (await once(this.#attackers, "message")) as [AttackReport]
    return report
  }

  stop(): void {
    for (const child of [this.#honest, this.#attackers, this.#endpoint]) child.kill("SIGTERM")
  }
}
