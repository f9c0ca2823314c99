import type { Arguments } from "./arguments.js"
import type { Io } from "./io.js"

/** An option of a command. */
export interface OptionSpec {
  /** What stands behind it, as the help shows it; without one the option is a flag. */
  readonly value?: string
  readonly short?: string
  /** Whether it may be given more than once. */
  readonly multiple?: boolean
  readonly help: string
}

/** Options by their long names. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** One command of `rookery`. */
export interface Command {
  readonly name: string
  /** Its arguments, as the help shows them. */
  readonly usage: string
  /** How many there must be, and may be. */
  readonly arity: readonly [least: number, most: number]
  /** What the help says of it. */
  readonly about: string
  readonly options: OptionSpecs
  readonly examples: readonly string[]
  /** Runs it, and gives what to exit with. */
  run(args: Arguments, io: Io): Promise<number>
}

/** A command in the table: it is loaded when it is asked for. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}
