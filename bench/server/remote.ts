import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import type { Question, Usage } from "./server-process.js"

/** A server in a separate process; the benchmark's process is the load. */
export class Remote {
  readonly port: number
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, port: number) {
    this.#process = process
    this.port = port
  }

  static async start(subject: string, ...args: readonly string[]): Promise<Remote> {
    // The child inherits the flags of this process, so that it can write a profile.
    const child = fork(new URL("server-process.js", import.meta.url), [subject, ...args])
    child.once("exit", (code) => {
      throw new Error(`the server ${subject} ended with ${code}`)
    })
    const [port] = (await once(child, "message")) as [number]
    return new Remote(child, port)
  }

  /** Ends the server. */
  stop(): void {
    this.#process.kill("SIGTERM")
  }

  /** The usage so far; `settled usage` is that after a full garbage collection. */
  async usage(question: Question = "usage"): Promise<Usage> {
    this.#process.send(question)
    const [usage] = (await once(this.#process, "message")) as [Usage]
    return usage
  }
}
