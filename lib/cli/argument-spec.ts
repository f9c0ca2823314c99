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

/** What a command may be called with. */
export interface ArgumentSpec {
  /** The name of the command. */
  readonly name: string
  /** Its arguments, as the help shows them. */
  readonly usage: string
  /** How many there must be, and may be. */
  readonly arity: readonly [least: number, most: number]
  readonly options: OptionSpecs
}
