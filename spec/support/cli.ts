import { PassThrough } from "node:stream"
import { main } from "../../lib/cli/main.js"
import type { Io } from "../../lib/cli/io.js"
import { LineLog } from "./line-log.js"

/** A run of the command in this process. */
export interface CliRun {
  readonly stdin: PassThrough
  readonly stdout: LineLog
  readonly stderr: LineLog
  /** The exit code. */
  readonly code: Promise<number>
  /** Ends it, as a signal of this name would. */
  end(reason: string): void
}

interface CliOptions {
  /** The text of standard input. Without it, the input stays open and empty. */
  stdin?: string
  env?: Record<string, string>
  /** Whether the output looks like a terminal. */
  isTTY?: boolean
  /** Whether the input looks like a terminal. */
  isTyped?: boolean
}

/** Runs the command with separate streams. */
export function runCli(
  argv: readonly string[],
  { stdin: input, env = {}, isTTY = false, isTyped = false }: CliOptions = {},
): CliRun {
  const stdin = Object.assign(new PassThrough(), isTyped && { isTTY: true })
  if (input !== undefined) stdin.end(input)
  const [out, err] = [new PassThrough(), new PassThrough()].map((stream) => Object.assign(stream, { isTTY }))
  const ending = new AbortController()
  const io: Io = { stdin, stdout: out as PassThrough, stderr: err as PassThrough, env, signal: ending.signal }
  return {
    stdin,
    stdout: new LineLog(io.stdout as PassThrough),
    stderr: new LineLog(io.stderr as PassThrough),
    code: main(argv, io),
    end: (reason) => ending.abort(reason),
  }
}
