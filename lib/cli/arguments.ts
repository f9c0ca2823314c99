import { parseArgs } from "node:util"
import type { ArgumentSpec, OptionSpec, OptionSpecs } from "./argument-spec.js"
import { nearest } from "./nearest.js"
import { UsageError } from "./usage-error.js"

/** Options that every command has. */
export const HELP_OPTION: OptionSpecs = { help: { short: "h", help: "show this" } }

/** The arguments of a call, checked against those that the command takes. */
export class Arguments {
  readonly positionals: readonly string[]
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(positionals: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.positionals = positionals
    this.#values = values
  }

  /** Whether an option was given. */
  flag(name: string): boolean {
    return this.#values.has(name)
  }

  /** The value of an option, if it was given. */
  value(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  /** Every value of an option that may be given more than once. */
  values(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }
}

function unknownOption(rawName: string, options: OptionSpecs): UsageError {
  const meant = nearest(rawName.replace(/^-+/, ""), Object.keys(options))
  return new UsageError(`there is no option ${rawName}${meant === undefined ? "" : `; did you mean --${meant}?`}`)
}

interface OptionToken {
  name: string
  rawName: string
  value: string | undefined
  inlineValue: boolean | undefined
}

/** The value of an option, or an empty string for a flag. */
function valueOf({ rawName, value, inlineValue }: OptionToken, { value: shown }: OptionSpec): string {
  if (shown === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`)
    return ""
  }
  // `-` alone is standard input; anything else that starts like an option probably is one.
  if (value === undefined || (inlineValue !== true && /^-./.test(value))) {
    throw new UsageError(`${rawName} needs a value: ${rawName} <${shown}>`)
  }
  return value
}

/** Reads the arguments of a command. With `--help` they need not be complete. */
export function readArguments(argv: readonly string[], command: ArgumentSpec): Arguments {
  const options: OptionSpecs = { ...command.options, ...HELP_OPTION }
  const { tokens } = parseArgs({
    args: [...argv],
    // Not strict, because our error messages are more helpful.
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? "boolean" : "string", ...(short !== undefined && { short }) },
      ]),
    ),
  })
  const positionals: string[] = []
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value)
    if (token.kind !== "option") continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (option === undefined) throw unknownOption(token.rawName, options)
    const given = values.get(token.name) ?? []
    const value = valueOf(token, option)
    if (option.value !== undefined && option.multiple !== true && given.length > 0) {
      throw new UsageError(`${token.rawName} is given twice`)
    }
    values.set(token.name, [...given, value])
  }
  if (!values.has("help")) checkArity(positionals, command)
  return new Arguments(positionals, values)
}

function checkArity(positionals: readonly string[], { name, usage, arity: [least, most] }: ArgumentSpec): void {
  if (positionals.length >= least && positionals.length <= most) return
  const problem = positionals.length < least ? "an argument is missing" : `"${positionals[most]}" is one too many`
  throw new UsageError(`${problem}: rookery ${name} ${usage}`.trimEnd())
}
