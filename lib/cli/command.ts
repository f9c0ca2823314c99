import type { Arguments } from "./arguments.js"
import type { ArgumentSpec } from "./argument-spec.js"
import type { Io } from "./io.js"

/** One command of `rookery`. */
export interface Command extends ArgumentSpec {
  /** The description in the help. */
  readonly about: string
  readonly examples: readonly string[]
  /** Runs it, and returns the exit code. */
  run(args: Arguments, io: Io): Promise<number>
}

/** A command in the table, loaded on demand. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}
