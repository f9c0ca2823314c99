// The program of the worker that runs the code. It comes as text, because the frame that makes the worker loads nothing.
import * as client from "rookery"
import * as msgpack from "rookery/msgpack"
import { transform } from "sucrase"
import * as server from "../../../lib/runtime/web/server.js"
import type { Command, OutputRow, Report } from "../reports.js"
import { clientOf, setCable, Socket, watchClients } from "./clients.js"
import { Endpoint } from "./network.js"
import { show } from "./show.js"

interface Worker {
  postMessage?(message: unknown): void
  addEventListener(type: string, listener: (event: MessageEvent & ErrorEvent & PromiseRejectionEvent) => void): void
}

const worker = globalThis as unknown as Worker
const post = worker.postMessage?.bind(worker)
const report = (message: Report): void => post?.(message)

const MODULES: Readonly<Record<string, object>> = {
  rookery: { ...client, Socket },
  "rookery/msgpack": msgpack,
  "rookery/server": { ...server, Endpoint },
  playground: {
    cable(socket: Socket) {
      const found = clientOf(socket)
      if (found === undefined) throw new Error("cable() takes a Socket of this code")
      return { cut: () => setCable(found, true), mend: () => setCable(found, false) }
    },
  },
}

function required(name: string): object {
  const found = MODULES[name]
  if (found !== undefined) return found
  throw new Error(`the playground has no module ${name}; it has ${Object.keys(MODULES).join(", ")}`)
}

// V8 puts the function's head, two lines of text, before the code.
const HEAD = 2
const NAME = "playground.ts"

/** An error, and the line of the code that threw it. */
function describe(error: unknown): string {
  const text = show(error)
  const stack = error instanceof Error ? (error.stack ?? "") : ""
  const line = Number(new RegExp(`${NAME.replace(".", "\\.")}:(\\d+)`).exec(stack)?.[1]) - HEAD
  return line > 0 ? `${text} (line ${line})` : text
}

function print(level: OutputRow["level"], values: readonly unknown[]): void {
  report({ kind: "output", row: { level, text: values.map(show).join(" ") } })
}

type AsyncFunction = (...args: unknown[]) => Promise<void>
const AsyncFunction = (async () => {}).constructor as new (...texts: string[]) => AsyncFunction

/** The code without its types, and its imports as calls of `require`: a worker has no module of the name `rookery`. */
const scriptOf = (code: string): string =>
  transform(code, { transforms: ["typescript", "imports"], disableESTransforms: true, production: true }).code

async function run(code: string): Promise<void> {
  try {
    await new AsyncFunction("require", "exports", `${scriptOf(code)}\n//# sourceURL=${NAME}`)(required, {})
    report({ kind: "ended" })
  } catch (error) {
    report({ kind: "failed", text: describe(error) })
  }
}

Object.assign(console, {
  log: (...values: unknown[]) => print("log", values),
  info: (...values: unknown[]) => print("log", values),
  debug: (...values: unknown[]) => print("log", values),
  warn: (...values: unknown[]) => print("warn", values),
  error: (...values: unknown[]) => print("error", values),
})
watchClients({
  clients: (clients) => report({ kind: "clients", clients }),
  frame: (frame) => report({ kind: "frame", frame }),
})
worker.addEventListener("error", ({ error, message }) =>
  print("error", [error === undefined ? message : describe(error)]),
)
worker.addEventListener("unhandledrejection", ({ reason }) => print("error", [describe(reason)]))
worker.addEventListener("message", ({ data }) => {
  const message = data as { code: string } | Command
  if ("code" in message) return void run(message.code)
  const found = clientOf(message.cut)
  if (found !== undefined) setCable(found, message.isCut)
})
