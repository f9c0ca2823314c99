import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { Connection } from "rookery"
import { Board } from "./board.js"
import type { ServerMessage } from "./messages.js"

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "ws://localhost:8080/ws" },
    /** Milliseconds before the client reconnects. */
    delay: { type: "string", default: "5000" },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  console.log("Usage: npm run downloads:client -- [--url ws://localhost:8080/ws] [--delay 5000]")
  console.log("Then type: pause <id>, resume <id>, quit")
  process.exit(0)
}

const board = new Board()
const draws = process.stdout.isTTY
let light = ""
let drawn = 0

function say(line: string): void {
  if (!draws) return console.log(line)
  light = line
  draw()
}

/** Redraws the board over the previous one, and keeps the prompt below it. */
function draw(): void {
  const lines = [...board.lines(), light]
  process.stdout.write(`${drawn > 0 ? `\x1b[${drawn}F` : ""}\x1b[J${lines.join("\n")}\n`)
  drawn = lines.length
  input.prompt(true)
}

const input = createInterface({ input: process.stdin, output: draws ? process.stdout : undefined, prompt: "> " })
const connection = new Connection(values.url, { json: true, reconnectAfterMs: () => Number(values.delay) })

connection.on("status", (status, { retryInMs }) => {
  if (status === "connected") say(`Connected to ${values.url}`)
  else if (retryInMs !== undefined) say(`Connection lost. Trying again in ${retryInMs / 1000} s`)
  else if (status === "connecting") say(`Connecting to ${values.url}`)
})
connection.on("message", (data) => {
  const line = board.take(data as ServerMessage)
  if (draws) draw()
  else console.log(line)
})

input.on("line", (line) => {
  // The Enter key has moved the board up by one row.
  if (draws) drawn++
  const [word, download_id] = line.trim().split(/\s+/)
  if (word === "quit") return void quit()
  if ((word === "pause" || word === "resume") && download_id !== undefined) {
    if (connection.isConnected) connection.send({ action: `${word}_download`, download_id })
    else say("Not connected: that was not sent")
  } else if (word) {
    say("Type: pause <id>, resume <id>, quit")
  }
})
input.on("SIGINT", () => void quit())

async function quit(): Promise<void> {
  input.close()
  await connection.disconnect()
  process.exit(0)
}

connection.connect().catch((error: unknown) => say(String(error)))
