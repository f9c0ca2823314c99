import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

/** A program in a separate process, with its output and its input. */
export class Program {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: string[] = []
  /** Where the next search begins, so that each line of text is found once. */
  #seen = 0
  #waiting: (() => void)[] = []
  #over = false

  constructor(file: string, args: readonly string[], env: Record<string, string> = {}, cwd = ROOT) {
    const options = { cwd, env: { ...process.env, NO_COLOR: "1", ...env }, detached: true }
    this.#child = spawn(file, args, options)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.#lines.push(line)
        this.#tell()
      })
    }
    // A killed program reads no more input.
    this.#child.stdin.on("error", () => {})
    this.#child.once("close", () => {
      this.#over = true
      this.#tell()
    })
  }

  /** All text that the program has printed. */
  get output(): string {
    return this.#lines.join("\n")
  }

  /** Waits for a printed line that matches, after the lines of earlier calls, and returns the match. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      while (this.#seen < this.#lines.length) {
        const found = pattern.exec(this.#lines[this.#seen++] ?? "")
        if (found) return found
      }
      if (this.#over) throw new Error(`it ended without a line like ${pattern}; it printed:\n${this.output}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Writes a line to the program's standard input. */
  type(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Stops or continues the program. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal)
  }

  /** Kills the program and the processes that it started, and returns its exit code or its signal. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | NodeJS.Signals | null> {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal)
    } catch {
      // The program has ended already.
    }
    return this.ended()
  }

  /** Its exit code or its signal, once it has ended. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (!this.#over) await once(this.#child, "close")
    return this.#child.exitCode ?? this.#child.signalCode
  }

  #tell(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const tell of waiting) tell()
  }
}

/** Runs an example as its reader does, with the built package. */
export const example = (file: string, ...args: string[]): Program =>
  new Program(process.execPath, ["--import", "tsx", `examples/${file}`, ...args], {
    TSX_TSCONFIG_PATH: "examples/tsconfig.json",
  })

/** Runs a command as a reader pastes it. */
export const shell = (command: string, env: Record<string, string> = {}): Program =>
  new Program("sh", ["-c", command], env)
