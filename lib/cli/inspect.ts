import { setTimeout as sleep } from "node:timers/promises"
import type {
  InspectedGatewayMessage,
  InspectedLimit,
  InspectedMessage,
  InspectedState,
  InspectedStep,
} from "rookery/inspect"
import type { Arguments } from "./arguments.js"
import type { Command } from "./command.js"
import { readHeaderOption } from "./connection-options.js"
import { describeError } from "./describe-error.js"
import { readEvents, type ServerSentEvent } from "./event-source.js"
import { EXIT, exitCodeOf } from "./exit-codes.js"
import { Inputs, INPUTS_HELP } from "./inputs.js"
import { InspectOutput } from "./inspect-output.js"
import { say, type Io } from "./io.js"
import { quietFetch } from "./quiet-fetch.js"
import { UsageError } from "./usage-error.js"
import { withoutSecrets } from "./without-secrets.js"

/** The milliseconds before a broken stream is opened again: at first, and at most. */
const RETRY_MS = 500
const MOST_RETRY_MS = 10_000

/** The address of an inspector, as it was typed. */
function readUrl(text: string): URL {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new UsageError(`an inspector's URL must begin with http:// or https://: ${withoutSecrets(text)}`)
  }
  const url = new URL(text)
  if (url.username !== "" || url.password !== "") {
    throw new UsageError('no password in the URL; give it as --header "authorization: @file"')
  }
  url.hash = ""
  url.pathname = url.pathname.replace(/\/$/, "")
  return url
}

/** The inspector's answer was an error. */
class RefusedError extends Error {}

/** Asks one inspector. */
class Inspection {
  readonly #url: URL
  readonly #io: Io
  readonly #fetch: typeof fetch
  readonly #output: InspectOutput

  constructor(url: URL, headers: Record<string, string>, output: InspectOutput, io: Io) {
    this.#url = url
    this.#io = io
    this.#fetch = quietFetch(headers)
    this.#output = output
  }

  /** Prints the current sockets and topics. */
  async state(search: string): Promise<void> {
    const response = await this.#ask("state", { search })
    this.#output.state((await response.json()) as InspectedState)
  }

  /** Prints events until the command should end. */
  async follow(query: Record<string, string>): Promise<void> {
    let wait = RETRY_MS
    while (!this.#io.signal.aborted) {
      try {
        const response = await this.#ask("stream", query)
        wait = RETRY_MS
        for await (const event of readEvents(response)) this.#show(event)
        throw new Error("the inspector has ended the stream")
      } catch (error) {
        if (this.#io.signal.aborted) return
        if (error instanceof RefusedError) throw error
        say(this.#io, `${describeError(error)}; trying again in ${wait / 1000} s`)
      }
      await sleep(wait, undefined, { signal: this.#io.signal }).catch(() => {})
      wait = Math.min(2 * wait, MOST_RETRY_MS)
    }
  }

  async #ask(part: string, query: Record<string, string>): Promise<Response> {
    const url = new URL(this.#url)
    url.pathname += `/${part}`
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const response = await this.#fetch(url, { signal: this.#io.signal, redirect: "error" })
    if (response.ok) return response
    throw new RefusedError(`${withoutSecrets(url.href)} answers ${response.status}${await faultIn(response)}`)
  }

  #show({ event, data }: ServerSentEvent): void {
    if (event === "message") this.#output.message(data as InspectedMessage)
    else if (event === "gateway") this.#output.gatewayMessage(data as InspectedGatewayMessage)
    else if (event === "step") this.#output.step(data as InspectedStep)
    else if (event === "limit") this.#output.limit(data as InspectedLimit)
    else if (event === "lost") {
      const { count } = data as { count: number }
      say(this.#io, `${count} messages were lost, because they are read too slowly; filter by --topic or --event`)
    }
  }
}

/** The reason in an answer of an inspector. */
async function faultIn(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error?: unknown }
    return typeof error === "string" ? `: ${error}` : ""
  } catch {
    // The answer comes from the user's check, or from a proxy.
    return ""
  }
}

const queryOf = (args: Arguments): Record<string, string> => ({
  topic: args.value("topic") ?? "",
  event: args.value("event") ?? "",
})

/** `rookery inspect`: shows a running server. */
export const inspect: Command = {
  name: "inspect",
  usage: "<url>",
  arity: [1, 1],
  about: [
    "Prints the sockets and topics of a server with an inspector, then events as they happen: messages,",
    "joins and leaves, limits that are hit. The URL is that of the inspector, and a header authenticates",
    "you. Ends with Ctrl-C (130), with 1 when the server refuses, or with 2 when it cannot be reached.",
    "",
    INPUTS_HELP,
  ].join("\n"),
  options: {
    topic: { value: "pattern", help: "only messages of these topics, such as room:*, or of this gateway path" },
    event: { value: "pattern", help: "only messages of these events" },
    search: { value: "text", help: "only sockets and topics whose id, address or name contains this" },
    once: { help: "print only the sockets and topics, then exit" },
    json: { help: "one JSON object per line" },
    header: {
      value: "name: value",
      multiple: true,
      help: 'a header of the requests; a secret as "name: @file"',
      completes: "@file",
    },
  },
  examples: [
    "rookery inspect http://localhost:9465/inspect --header 'authorization: @inspect.txt'",
    "rookery inspect https://ops.example.com/inspect --topic 'room:*' --event new_msg --json | jq .payload",
    "rookery inspect http://localhost:9465/inspect --once --search user:42",
  ],
  async run(args, io) {
    const url = readUrl(args.positionals[0] ?? "")
    const headers = await readHeaderOption(args.values("header"), new Inputs(io))
    const inspection = new Inspection(url, headers ?? {}, new InspectOutput(io, args.flag("json")), io)
    try {
      await inspection.state(args.value("search") ?? "")
      if (args.flag("once")) return EXIT.ok
      await inspection.follow(queryOf(args))
    } catch (error) {
      if (io.signal.aborted) return exitCodeOf(io.signal)
      const isRefused = error instanceof RefusedError
      say(io, isRefused ? error.message : `cannot reach ${withoutSecrets(url.href)}: ${describeError(error)}`)
      return isRefused ? EXIT.refused : EXIT.unreachable
    }
    return exitCodeOf(io.signal)
  },
}
