import { PushError, type Channel } from "rookery"
import type { Command } from "./command.js"
import { CONNECTION_OPTIONS, openSocket, readConnection, type ConnectionSettings } from "./connection-options.js"
import { describeError, describeLost } from "./describe-error.js"
import { EXIT, exitCodeOf } from "./exit-codes.js"
import { farewell } from "./farewell.js"
import { Inputs, INPUTS_HELP } from "./inputs.js"
import { say, type Io } from "./io.js"
import { toJsonText } from "./json-text.js"

async function pushOnce(
  [topic, event, payload]: readonly [string, string, unknown],
  settings: ConnectionSettings,
  io: Io,
): Promise<number> {
  const { timeout, join, shownUrl } = settings
  const { signal } = io
  const socket = openSocket(settings, { maxReconnectAttempts: 0 })
  // The push itself reports the consequence for it.
  socket.onError(() => {})
  // A join waits for the next connection, and none will come.
  const lost = new Promise<never>((_resolve, reject) => {
    socket.onStatus((status, change) => status === "disconnected" && reject(new Error(describeLost(change.lost))))
  })
  lost.catch(() => {})
  let channel: Channel | undefined
  /** The current step, for the error message. */
  let step = `cannot connect to ${shownUrl}`
  try {
    socket.connect()
    await socket.opened({ timeout, signal })
    step = `${topic} was not joined`
    channel = await Promise.race([socket.join(topic, join, { timeout, signal }), lost])
    step = `${event} was not answered`
    const response = await channel.push(event, payload, { timeout, signal }).catch((error: unknown) => {
      if (!(error instanceof PushError)) throw error
      say(io, `${topic} answered ${event} with "${error.status}"`)
      io.stdout.write(`${toJsonText(error.response)}\n`)
      return error
    })
    if (response instanceof PushError) return EXIT.refused
    io.stdout.write(`${toJsonText(response)}\n`)
    return EXIT.ok
  } catch (error) {
    if (signal.aborted) return exitCodeOf(signal)
    const said = error instanceof PushError ? `the server said ${toJsonText(error.response)}` : describeError(error)
    say(io, `${step}: ${said}`)
    return EXIT.unreachable
  } finally {
    await farewell(socket, channel === undefined ? [] : [channel])
  }
}

/** `rookery push`: pushes an event and prints the reply. */
export const push: Command = {
  name: "push",
  usage: "<url> <topic> <event> <json>",
  arity: [4, 4],
  about: [
    "Joins a topic, pushes an event, and prints the response of the reply as JSON. As <json>, @file reads",
    "a file and - standard input. Exits with 0 for an ok reply, with 1 for any other, and with 2 if there",
    "was none: no connection, no join, or no reply in time.",
    "",
    INPUTS_HELP,
  ].join("\n"),
  options: CONNECTION_OPTIONS,
  completes: "@file",
  examples: [
    `rookery push ws://localhost:4000/socket room:lobby new_msg '{"text":"hi"}'`,
    "rookery push wss://example.com/socket room:1 import - --param token=@token.txt --timeout 30000 < data.json",
  ],
  async run(args, io) {
    const [url = "", topic = "", event = "", json = ""] = args.positionals
    const inputs = new Inputs(io)
    const readPayload = await inputs.openJson(json === "-" ? "@-" : json, "the payload")
    const settings = await readConnection(url, args, io, inputs)
    return pushOnce([topic, event, await readPayload()], settings, io)
  },
}
