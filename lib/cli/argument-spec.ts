/** How a shell completes a value: one of a few words, a path, or a path after an `@`. */
export type Completes = readonly string[] | "file" | "folder" | "@file"

/** An option of a command. */
export interface OptionSpec {
  /** The name of the option's value in the help; an option without one is a flag. */
  readonly value?: string
  readonly short?: string
  /** Whether it may be given more than once. */
  readonly multiple?: boolean
  readonly completes?: Completes
  readonly help: string
}

/** Options by their long names. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** The arguments and options that a command takes. */
export interface ArgumentSpec {
  /** The name of the command. */
  readonly name: string
  /** Its arguments, as the help shows them. */
  readonly usage: string
  /** The least and the greatest number of arguments. */
  readonly arity: readonly [least: number, most: number]
  readonly options: OptionSpecs
  /** The completion of its arguments. */
  readonly completes?: Completes
}
