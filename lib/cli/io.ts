import type { Readable, Writable } from "node:stream"
import { escapeControls } from "./terminal-text.js"

/** The streams that a command reads and writes; specs pass their own. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted when the command should end; the reason is the name of a signal, or EPIPE. */
  readonly signal: AbortSignal
}

/** Whether a person types, and reads what is printed. */
export const isTerminal = ({ stdin, stdout }: Io): boolean => stdin.isTTY === true && stdout.isTTY === true

/** Prints a message for the person, not to the pipe. It cannot control the terminal. */
export function say(io: Pick<Io, "stderr">, text: string): void {
  io.stderr.write(`rookery: ${escapeControls(text)}\n`)
}

/** All of standard input, as text. */
export function readAll({ stdin, signal }: Io): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    stdin.on("data", (chunk: Buffer | string) => chunks.push(Buffer.from(chunk)))
    stdin.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
    stdin.once("error", reject)
    const stop = (): void => {
      stdin.pause()
      reject(new Error("interrupted while standard input was read"))
    }
    if (signal.aborted) stop()
    else signal.addEventListener("abort", stop, { once: true })
  })
}

/** The streams of the process. Its first signal asks the command to end, the second one ends the process. */
export function processIo(): Io {
  const { stdin, stdout, stderr, env } = process
  const ending = new AbortController()
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => ending.abort(name))
  stdout.on("error", ({ code }: NodeJS.ErrnoException) => ending.abort(code))
  // There is no output left to report to.
  stderr.on("error", () => {})
  return { stdin, stdout, stderr, env, signal: ending.signal }
}
