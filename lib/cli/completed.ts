import type { Completes, OptionSpecs } from "./argument-spec.js"

/** A command, for a shell's completion. */
export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  /** Its options, `--help` among them. */
  readonly options: OptionSpecs
  readonly completes: Completes | undefined
}

/** Everything that a shell completes. */
export interface Completed {
  readonly commands: readonly CompletedCommand[]
  /** The options before a command. */
  readonly options: OptionSpecs
}
