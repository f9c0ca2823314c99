import { ChatClient } from "rookery/chat"
import { CHAT_COMMANDS, readLine } from "./chat-commands.js"
import { oneOf, openScreen } from "./screen.js"
import { ChatSession } from "./chat-session.js"
import type { Command } from "./command.js"
import { EXIT, exitCodeOf } from "./exit-codes.js"
import { isTerminal, say, type Io } from "./io.js"
import { stateFile } from "./state-file.js"
import { UsageError } from "./usage-error.js"
import { withoutSecrets } from "./without-secrets.js"

const DEFAULT_SERVER = "http://localhost:8000"

function readServer(text: string): string {
  if (/^https?:\/\/./i.test(text) && URL.canParse(text)) return text
  throw new UsageError(`--server must be a URL that begins with http:// or https://, not ${withoutSecrets(text)}`)
}

/** Chats until the person leaves or the pipe ends, and returns the exit code. */
async function chatWith(client: ChatClient, io: Io): Promise<number> {
  const { signal } = io
  let end: (code: number) => void = () => {}
  const ended = new Promise<number>((resolve) => (end = resolve))
  const stop = (): void => end(exitCodeOf(signal))
  signal.addEventListener("abort", stop, { once: true })
  if (signal.aborted) stop()

  /** Handles one line of input after another. */
  let work: Promise<void> = Promise.resolve()
  const isTyped = isTerminal(io)
  const leave = (): void => end(session.hasFailed && !isTyped ? EXIT.refused : EXIT.ok)
  const screen = openScreen(io, oneOf(CHAT_COMMANDS.map(({ name }) => name)), {
    line(text) {
      const typed = readLine(text)
      const command = typed !== undefined && "command" in typed ? typed.command : undefined
      // A person who leaves does not wait for running commands.
      if (isTyped && command === "/quit") leave()
      else work = work.then(() => session.type(typed))
      return typed !== undefined && command === undefined
    },
    close(interrupted) {
      if (interrupted) end(130)
      else if (isTyped) leave()
      else void work.then(leave)
    },
  })
  const session = new ChatSession(client, screen, leave)
  work = session.resume().catch((error: unknown) => {
    say(io, (error as Error).message)
    end(EXIT.unreachable)
  })
  const code = await ended
  screen.close()
  await client.disconnect()
  return code
}

/** `rookery chat`: the chat in a terminal. */
export const chat: Command = {
  name: "chat",
  usage: "[options]",
  arity: [0, 0],
  about: [
    "Chats: /login <email> mails you a link, /token <link> logs you in with it, and the session is kept",
    "for the next time. Everything else that you type is a message to the room. From a pipe it reads",
    "one line at a time, and exits with 1 if one was refused, and with 2 if there is no server.",
    "",
    ...CHAT_COMMANDS.map(({ name, usage, help }) => `  ${`${name} ${usage}`.padEnd(16)} ${help}`),
  ].join("\n"),
  options: {
    server: { value: "url", short: "s", help: `the URL of the chat [${DEFAULT_SERVER}]` },
  },
  examples: ["rookery chat", "rookery chat -s https://chat.example.com", "echo 'the build is green' | rookery chat"],
  async run(args, io) {
    const client = new ChatClient(readServer(args.value("server") ?? DEFAULT_SERVER), {
      sessionCacheFile: stateFile("sessions.json", io.env),
      maxReconnectAttempts: Infinity,
    })
    return chatWith(client, io)
  },
}
