/** The name of a command that is typed into the chat. */
export type ChatCommandName =
  | "/here"
  | "/login"
  | "/token"
  | "/name"
  | "/join"
  | "/leave"
  | "/users"
  | "/rooms"
  | "/logout"
  | "/help"
  | "/quit"

/** A command that is typed into the chat. */
export interface ChatCommand {
  readonly name: ChatCommandName
  readonly usage: string
  readonly help: string
}

/** The commands of the chat. */
export const CHAT_COMMANDS: readonly ChatCommand[] = [
  { name: "/here", usage: "", help: "logs you in without a link, on the server's own machine" },
  { name: "/login", usage: "<email>", help: "asks for a link by mail" },
  { name: "/token", usage: "<token>", help: "logs in with the link, or with its token" },
  { name: "/name", usage: "[name]", help: "sets your display name; without one, removes it" },
  { name: "/join", usage: "<room>", help: "enters a room, or goes back to it" },
  { name: "/leave", usage: "[room]", help: "leaves a room, by default this one" },
  { name: "/users", usage: "", help: "shows who is here" },
  { name: "/rooms", usage: "", help: "shows the rooms you are in, with unread counts" },
  { name: "/logout", usage: "", help: "ends the session, everywhere" },
  { name: "/help", usage: "", help: "shows this" },
  { name: "/quit", usage: "", help: "leaves the chat" },
]

/** The typed input: a command with its argument, a message, or nothing. */
export type Typed = { command: string; argument: string } | { say: string } | undefined

/** Parses a typed line. A message that begins with a slash is typed with two. */
export function readLine(line: string): Typed {
  const text = line.trim()
  if (text === "") return undefined
  if (!text.startsWith("/") || text.startsWith("//")) return { say: text.replace(/^\/\//, "/") }
  const [command = "", ...rest] = text.split(/\s+/)
  return { command, argument: rest.join(" ") }
}

/** The token of a link, or the text itself if it is a token. */
export function readToken(text: string): string {
  if (!URL.canParse(text)) return text
  return new URL(text).searchParams.get("token") ?? text
}

/** The text of /help. */
export function chatHelp(): string[] {
  const rows = CHAT_COMMANDS.map(({ name, usage, help }) => [`${name} ${usage}`, help] as const)
  const width = Math.max(...rows.map(([left]) => left.length))
  return [
    ...rows.map(([left, help]) => `${left.padEnd(width)}  ${help}`),
    "Everything else is sent to the room; // at the start sends a line that begins with a slash,",
    "and in a terminal a backslash at the end of a line continues it on the next one.",
  ]
}
