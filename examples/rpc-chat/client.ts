import { RpcTarget, type RpcStub } from "capnweb"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { Socket } from "rookery"
import { rpcSession } from "rookery/rpc"
import type { ChatApi, ChatCallback, ChatMessage } from "./api.js"

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "ws://127.0.0.1:8080/rpc/ws" },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  console.log("Usage: npm run rpc-chat:client -- [--url ws://127.0.0.1:8080/rpc/ws]")
  process.exit(0)
}

const isTerminal = process.stdout.isTTY
const input = createInterface({ input: process.stdin, output: isTerminal ? process.stdout : undefined, prompt: "" })

/** Prints a line of text, and keeps the input that is being typed. */
function say(line: string): void {
  // Messages of other clients must not contain control characters for the terminal.
  const safe = line.replaceAll(/\p{Cc}/gu, "?")
  if (isTerminal) process.stdout.write("\r\x1b[K")
  console.log(safe)
  if (isTerminal) input.prompt(true)
}

class Callback extends RpcTarget implements ChatCallback {
  onMessage({ user, text }: ChatMessage): void {
    say(user === "*" ? `* ${text}` : `[${user}]: ${text}`)
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))

let username = ""
let api: RpcStub<ChatApi> | undefined

const socket = new Socket(values.url, { rejoinAfterMs: () => 500, reconnectAfterMs: () => 500 })
let last = ""
socket.onStatus((status) => {
  if (status === last) return
  last = status
  if (status === "reconnecting") say("* The connection is lost; trying to come back")
  if (status === "connecting") say(`* Connecting to ${values.url}`)
})
const channel = socket.channel("rpc:chat")
const rpc = rpcSession<ChatApi>(channel)
rpc.onSession((main) => {
  api = main
  // The name belonged to the previous session, so the new one joins again.
  if (username !== "") void enter()
  else ask()
})

function ask(): void {
  console.log("Enter your username:")
}

async function enter(): Promise<void> {
  try {
    if (api === undefined) return
    say(await api.join(username, new Callback()))
    say(`* Online: ${(await api.listUsers()).join(", ")}`)
  } catch (error) {
    // The connection was lost meanwhile; the next session joins again.
    if ((error as { code?: unknown }).code === "disconnected") return
    say(`! ${reason(error)}`)
    username = ""
    ask()
  }
}

const COMMANDS: Record<string, () => Promise<void> | void> = {
  "/users": async () => say(`* Online: ${(await rpc.main.listUsers()).join(", ")}`),
  "/help": () => say("* /users who is online, /help this, /quit the end; anything else is said to all"),
  "/quit": quit,
}

async function take(line: string): Promise<void> {
  if (line === "") return
  try {
    const command = line.startsWith("/") ? COMMANDS[line] : undefined
    if (command) await command()
    else if (line.startsWith("/")) say(`! There is no ${line}; try /help`)
    else if (username === "") {
      username = line
      await enter()
    } else await rpc.main.sendMessage(username, line)
  } catch (error) {
    say(`! ${reason(error)}`)
  }
}

async function quit(): Promise<void> {
  input.close()
  if (username !== "") say(await Promise.resolve(rpc.main.leave(username)).catch(reason))
  socket.destroy()
  process.exit(0)
}

input.on("line", (line) => void take(line.trim()))
input.on("SIGINT", () => void take("/quit"))
channel.join()
socket.connect()
