import { PassThrough } from "node:stream"
import { main } from "../../lib/cli/main.js"
import type { Io } from "../../lib/cli/io.js"
import { LineLog } from "./line-log.js"

/** A run of the command in this process. */
export interface CliRun {
  readonly stdin: PassThrough
  readonly stdout: LineLog
  readonly stderr: LineLog
  /** What it exits with. */
  readonly code: Promise<number>
  /** Ends it, as a signal of this name would. */
  end(reason: string): void
}

interface CliOptions {
  /** What standard input says. Without it, it stays open and says nothing. */
  stdin?: string
  env?: Record<string, string>
  /** Whether the output passes for a terminal. */
  isTTY?: boolean
}

/** Runs the command with streams of its own. */
export function runCli(argv: readonly string[], { stdin: input, env = {}, isTTY = false }: CliOptions = {}): CliRun {
  const stdin = new PassThrough()
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
