import { readArguments } from "./arguments.js"
import type { CommandEntry } from "./command.js"
import { COMMANDS } from "./commands.js"
import { EXIT, exitCodeOf } from "./exit-codes.js"
import { commandHelp, overview } from "./help.js"
import { say, type Io } from "./io.js"
import { nearest } from "./nearest.js"
import { ownVersion } from "./own-package.js"
import { UsageError } from "./usage-error.js"

function find(name: string, commands: readonly CommandEntry[]): CommandEntry {
  const found = commands.find((command) => command.name === name)
  if (found !== undefined) return found
  const names = commands.map((command) => command.name)
  if (name.startsWith("-")) throw new UsageError(`there is no option ${name} before a command; see rookery --help`)
  const meant = nearest(name, names)
  throw new UsageError(
    `there is no command "${name}"; ${meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`}`,
  )
}

async function dispatch(argv: readonly string[], io: Io, commands: readonly CommandEntry[]): Promise<number> {
  const [first, ...rest] = argv
  if (first === undefined) throw new UsageError("which command? See rookery --help")
  if (["--version", "-V"].includes(first)) {
    io.stdout.write(`${ownVersion()}\n`)
    return EXIT.ok
  }
  const asksHelp = ["--help", "-h", "help"].includes(first)
  if (asksHelp && (rest[0] === undefined || first !== "help")) {
    io.stdout.write(overview(commands))
    return EXIT.ok
  }
  const command = await find(asksHelp ? (rest[0] as string) : first, commands).load()
  const args = readArguments(asksHelp ? ["--help"] : rest, command)
  if (args.flag("help")) {
    io.stdout.write(commandHelp(command))
    return EXIT.ok
  }
  return command.run(args, io)
}

/** Runs `rookery` with these arguments, and returns the exit code. */
export async function main(
  argv: readonly string[],
  io: Io,
  commands: readonly CommandEntry[] = COMMANDS,
): Promise<number> {
  try {
    return await dispatch(argv, io, commands)
  } catch (error) {
    if (io.signal.aborted) return exitCodeOf(io.signal)
    say(io, error instanceof Error ? error.message : String(error))
    return error instanceof UsageError ? EXIT.usage : EXIT.unreachable
  }
}
