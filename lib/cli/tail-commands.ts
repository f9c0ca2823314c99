/** The name of a command that is typed into an interactive tail. */
export type TailCommandName =
  | "/filter"
  | "/push"
  | "/topic"
  | "/fold"
  | "/unfold"
  | "/show"
  | "/pause"
  | "/resume"
  | "/help"
  | "/quit"

/** A command that is typed into an interactive tail. */
export interface TailCommand {
  readonly name: TailCommandName
  readonly usage: string
  readonly help: string
}

/** The commands of an interactive tail. */
export const TAIL_COMMANDS: readonly TailCommand[] = [
  {
    name: "/filter",
    usage: "[patterns]",
    help: "shows only events such as new_*, and none such as !typing; alone, all",
  },
  { name: "/push", usage: "<event> [json]", help: "pushes to the topic of the prompt, and shows the reply" },
  { name: "/topic", usage: "<topic>", help: "chooses the topic that /push pushes to" },
  { name: "/fold", usage: "", help: "shows each payload on one line of text, and its inner levels folded" },
  { name: "/unfold", usage: "", help: "shows payloads on as many lines of text as they need" },
  { name: "/show", usage: "[n]", help: "shows the last message whole, or the nth from the end" },
  { name: "/pause", usage: "", help: "holds messages back" },
  { name: "/resume", usage: "", help: "shows the messages that were held back, and new ones" },
  { name: "/help", usage: "", help: "shows this" },
  { name: "/quit", usage: "", help: "ends the tail" },
]

/** The first word of a text, and the rest; the rest is `undefined` if nothing follows, not even a space. */
export function firstWord(text: string): [word: string, rest: string | undefined] {
  const at = text.search(/\s/)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at).trimStart()]
}

/** A command and its argument. Spaces in the argument stay as they are, because it may be JSON. */
export function readTailLine(line: string): { command: string; argument: string } | undefined {
  const [command, argument = ""] = firstWord(line.trim())
  return command === "" ? undefined : { command, argument }
}

/** The text of /help. */
export function tailHelp(): string[] {
  const rows = TAIL_COMMANDS.map(({ name, usage, help }) => [`${name} ${usage}`, help] as const)
  const width = Math.max(...rows.map(([left]) => left.length))
  return [
    ...rows.map(([left, help]) => `${left.padEnd(width)}  ${help}`),
    "The Tab key completes commands, and events and topics that were seen. The payload of /push may be",
    "@file; a backslash at the end of a line continues it on the next one.",
  ]
}

/** Candidates for a text that is being typed, and the part of it that they replace. */
export type Completion = [candidates: string[], part: string]

/** Completes a line that is being typed: a command, or its argument. */
export function completeTailLine(line: string, events: Iterable<string>, topics: readonly string[]): Completion {
  const [command, argument] = firstWord(line.trimStart())
  if (argument === undefined) {
    const names = TAIL_COMMANDS.map(({ name, usage }) => (usage === "" ? name : `${name} `))
    return [names.filter((name) => name.startsWith(command)), command]
  }
  const part = argument.split(/\s/).at(-1) ?? ""
  if (command === "/filter") {
    const sign = part.startsWith("!") ? "!" : ""
    return [[...events].map((event) => sign + event).filter((event) => event.startsWith(part)), part]
  }
  const known = command === "/push" ? [...events] : command === "/topic" ? topics : []
  // The payload of a push is not completed.
  return [part === argument ? known.filter((word) => word.startsWith(part)) : [], part]
}
