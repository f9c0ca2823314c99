import { readFile } from "node:fs/promises"
import { readAll, type Io } from "./io.js"
import { UsageError } from "./usage-error.js"

/** How the help explains values that {@link Inputs} reads. */
export const INPUTS_HELP: string = [
  "Every user of the machine can see the arguments of a command. Give a token as @file, which reads it",
  "from a file, or as @-, which reads it from standard input; @@ begins a value with an @.",
].join("\n")

/** Whether a value stands on the command line itself. */
const isLiteral = (given: string): boolean => !given.startsWith("@") || given.startsWith("@@")

const withoutLineBreak = (text: string): string => text.replace(/\r?\n$/, "")

/**
 * Reads the values of arguments that name a file or standard input instead of a value: `ps` shows arguments to every
 * user of the machine, so they should not contain tokens.
 */
export class Inputs {
  readonly #io: Io
  /** The argument that standard input belongs to. */
  #onStdin: string | undefined

  constructor(io: Io) {
    this.#io = io
  }

  /** Whether an argument has standard input. */
  get useStdin(): boolean {
    return this.#onStdin !== undefined
  }

  /**
   * Opens one value. A file is read now; standard input is read when the returned function is called, so that a person
   * who mistyped another argument learns of it before typing a token.
   *
   * @param given `@file`, `@-`, or the value itself, in which `@@` at the beginning stands for one `@`
   * @param what the argument, as an error names it
   * @throws a {@link UsageError} that never quotes the value, because a mistyped token must not be printed
   */
  async open(given: string, what: string): Promise<() => Promise<string>> {
    if (isLiteral(given)) {
      const value = given.startsWith("@@") ? given.slice(1) : given
      return async () => value
    }
    if (given === "@-") return this.openStdin(what)
    const value = await readFile(given.slice(1), "utf8").catch(({ code }: NodeJS.ErrnoException) => {
      throw new UsageError(`${what}: the file after @ cannot be read (${code}); a value that begins with @ needs @@`)
    })
    if (value.trim() === "") throw new UsageError(`${what}: the file after @ is empty`)
    return async () => withoutLineBreak(value)
  }

  /** Opens standard input for one value. */
  openStdin(what: string): () => Promise<string> {
    if (this.#onStdin !== undefined) {
      throw new UsageError(
        `standard input is either ${this.#onStdin} or ${what}, not both; read one of them from a file: @file`,
      )
    }
    this.#onStdin = what
    return async () => {
      const value = withoutLineBreak(await readAll(this.#io))
      if (value.trim() === "") throw new UsageError(`${what}: there is nothing on standard input`)
      return value
    }
  }

  /** Opens JSON; a value on the command line itself is parsed now. */
  async openJson(given: string, what: string): Promise<() => Promise<unknown>> {
    if (isLiteral(given)) {
      const value = parseJson(given, what)
      return async () => value
    }
    const read = await this.open(given, what)
    return async () => parseJson(await read(), given === "@-" ? "standard input" : `the file of ${what}`)
  }
}

/** Parses JSON of the command line. */
function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The parser's message quotes a part of the text, which may be a secret.
    const [, position] = /at position (\d+)/.exec((error as Error).message) ?? []
    throw new UsageError(`${what} is not JSON${position === undefined ? "" : ` (at position ${position})`}`)
  }
}
