import type { HistoryOptions } from "../../protocol/recovery.js"
import type { Schema, TopicSchemas } from "../../protocol/schema.js"
import type { AnyChannelHandlers, AnyHandler } from "../api/handlers.js"

/** One registered channel: its handlers, history and schemas. */
export interface ChannelRoute {
  /** The topic, or the prefix of topics and a `*`, that the channel was registered for. */
  readonly pattern: string
  readonly handlers: AnyChannelHandlers
  readonly receive: ReadonlyMap<unknown, AnyHandler> | undefined
  readonly intercept: ReadonlyMap<unknown, AnyHandler> | undefined
  /** How many of its broadcasts are kept, if any. */
  readonly history: HistoryOptions | undefined
  readonly schemas: TopicSchemas | undefined
  /** The schemas of pushes, by event. */
  readonly payloads: ReadonlyMap<unknown, Schema> | undefined
}

/** Reads own properties only: a client may push an event called `constructor`. */
function ownHandlers(handlers: Record<string, AnyHandler | undefined> = {}): Map<unknown, AnyHandler> | undefined {
  const own = new Map<unknown, AnyHandler>()
  for (const event of Object.keys(handlers)) {
    const handler = handlers[event]
    if (typeof handler === "function")
      own.set(event, (payload, room, push) => handler.call(handlers, payload, room, push))
  }
  return own.size > 0 ? own : undefined
}

function payloadSchemas(schemas: TopicSchemas | undefined): Map<unknown, Schema> | undefined {
  const payloads = new Map<unknown, Schema>()
  for (const [event, { payload }] of Object.entries(schemas?.sends ?? {})) {
    if (payload !== undefined) payloads.set(event, payload)
  }
  return payloads.size > 0 ? payloads : undefined
}

/** Finds the channel of a topic: the exact one, else the one of the longest prefix, registered as `prefix*`. */
export class ChannelRoutes {
  readonly #exact = new Map<string, ChannelRoute>()
  /** Whether any channel has a history: without one, a broadcast needs no lookup. */
  #histories = false
  readonly #prefixes: [prefix: string, route: ChannelRoute][] = []

  add(pattern: string, handlers: AnyChannelHandlers, schemas?: TopicSchemas): void {
    const route = {
      pattern,
      handlers,
      receive: ownHandlers(handlers.receive),
      intercept: ownHandlers(handlers.intercept),
      history: handlers.history,
      schemas,
      payloads: payloadSchemas(schemas),
    }
    this.#histories ||= handlers.history !== undefined
    if (!pattern.endsWith("*")) {
      this.#exact.set(pattern, route)
      return
    }
    const prefix = pattern.slice(0, -1)
    const at = this.#prefixes.findIndex(([known]) => known === prefix)
    if (at !== -1) this.#prefixes.splice(at, 1)
    this.#prefixes.push([prefix, route])
    this.#prefixes.sort(([a], [b]) => b.length - a.length)
  }

  /** The history options of a topic, if its broadcasts are kept. */
  history(topic: string): HistoryOptions | undefined {
    return this.#histories ? this.find(topic)?.history : undefined
  }

  find(topic: unknown): ChannelRoute | undefined {
    if (typeof topic !== "string") return undefined
    const exact = this.#exact.get(topic)
    if (exact !== undefined) return exact
    for (const [prefix, route] of this.#prefixes) if (topic.startsWith(prefix)) return route
    return undefined
  }
}

const validCodePoint = (value: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)

/**
 * Whether Phoenix can print a topic, which it does when it refuses a join: text, numbers, `null`, and lists that Erlang
 * takes for text. Phoenix crashes on any other topic and closes the connection; the endpoint closes it as well.
 */
export function isPrintableTopic(topic: unknown): boolean {
  if (!Array.isArray(topic)) return typeof topic !== "object" || topic === null
  const pending: unknown[] = [...(topic as unknown[])]
  while (pending.length > 0) {
    const next = pending.pop()
    if (Array.isArray(next)) for (const element of next) pending.push(element)
    else if (typeof next === "number" ? !validCodePoint(next) : typeof next !== "string") return false
  }
  return true
}
