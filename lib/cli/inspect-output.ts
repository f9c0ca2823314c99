import type {
  InspectedGatewayMessage,
  InspectedLimit,
  InspectedMessage,
  InspectedSocket,
  InspectedState,
  InspectedStep,
} from "rookery/inspect"
import type { Io } from "./io.js"
import { toJsonText } from "./json-text.js"
import { escapeControls, stylesFor, type Styles } from "./terminal-text.js"

const ARROWS = { in: "->", out: "<-", broadcast: "=>" } as const

const clockTime = (at: number): string => {
  const time = new Date(at)
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":")
}

/** Columns of text, with a head. No cell can control the terminal. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [head, ...rows].map((row) => row.map(escapeControls))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)))
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
}

const channelsOf = ({ channels, moreChannels }: InspectedSocket): string => {
  const named = channels.map(({ topic, waiting }) => (waiting > 0 ? `${topic} (${waiting} waiting)` : topic))
  return [...named, ...(moreChannels > 0 ? [`and ${moreChannels} more`] : [])].join(", ")
}

/** The output of `inspect`: tables and lines of text for people, or JSON. */
export class InspectOutput {
  readonly #io: Io
  readonly #json: boolean
  readonly #styles: Styles

  constructor(io: Io, json: boolean) {
    this.#io = io
    this.#json = json
    this.#styles = stylesFor(io.stdout, io.env)
  }

  state(state: InspectedState): void {
    if (this.#json) return this.#print(toJsonText({ kind: "state", ...state }))
    const { counters, healthy, node, sockets, moreSockets, topics, moreTopics } = state
    const { gatewayClients, moreGatewayClients } = state
    const count = (name: string): string => `${String(counters[`rookery_${name}`] ?? 0)} ${name}`
    const counts = ["sockets", "channels", "topics", "presences"].map(count).join(", ")
    const limits = `${String(counters["rookery_limits_hit_total"] ?? 0)} limits hit`
    this.#print(`node ${escapeControls(node)}: ${counts}, ${limits}${healthy ? "" : "; other nodes are out of reach"}`)
    const rows = sockets.map((socket) => [
      socket.key,
      socket.id ?? "",
      socket.address ?? "",
      socket.transport,
      channelsOf(socket),
    ])
    this.#table(["socket", "id", "address", "transport", "topics"], rows, moreSockets)
    if (gatewayClients.length > 0) {
      const clients = gatewayClients.map(({ key, id, address, path, since }) => [
        key,
        id ?? "",
        address ?? "",
        path,
        new Date(since).toISOString(),
      ])
      this.#table(["client", "id", "address", "gateway", "since"], clients, moreGatewayClients)
    }
    const counted = topics.map(({ topic, clients }) => [topic, String(clients)])
    this.#table(["topic", "clients"], counted, moreTopics)
  }

  message(message: InspectedMessage): void {
    if (this.#json) return this.#print(toJsonText({ kind: "message", ...message }))
    const { socket, topic, event, payload } = message
    const { cyan, bold } = this.#styles
    this.#passed(message, socket, [cyan(escapeControls(topic)), bold(escapeControls(event)), toJsonText(payload)])
  }

  gatewayMessage(message: InspectedGatewayMessage): void {
    if (this.#json) return this.#print(toJsonText({ kind: "gateway", ...message }))
    const { client, path, data } = message
    this.#passed(message, client, [this.#styles.cyan(escapeControls(path)), toJsonText(data)])
  }

  step(told: InspectedStep): void {
    if (this.#json) return this.#print(toJsonText({ kind: "step", ...told }))
    const { at, step, id, socket, client, topic, path, why } = told
    const parts = [id ?? socket ?? client ?? "", step, topic ?? path ?? "", why === null ? "" : `(${why})`]
    this.#print(`${this.#styles.dim(clockTime(at))} -- ${escapeControls(parts.filter(Boolean).join(" "))}`)
  }

  limit(told: InspectedLimit): void {
    if (this.#json) return this.#print(toJsonText({ kind: "limit", ...told }))
    const { at, limit, id, socket, address } = told
    const text = `!! limit hit: ${limit} ${id ?? socket ?? address ?? ""}`.trimEnd()
    this.#print(`${this.#styles.dim(clockTime(at))} ${this.#styles.red(escapeControls(text))}`)
  }

  /** Prints a message: its time, direction, client and content. */
  #passed(
    { at, direction, id, recipients }: InspectedMessage | InspectedGatewayMessage,
    key: string | null,
    what: readonly string[],
  ): void {
    const who = direction === "broadcast" ? `(${recipients ?? 0} recipients)` : (id ?? key ?? "")
    this.#print([this.#styles.dim(clockTime(at)), ARROWS[direction], escapeControls(who), ...what].join(" "))
  }

  #table(head: readonly string[], rows: readonly (readonly string[])[], more: number): void {
    const [names = "", ...lines] = table(head, rows)
    this.#print("")
    this.#print(this.#styles.bold(names))
    for (const line of lines) this.#print(line)
    if (more > 0) this.#print(`and ${more} more: give --search`)
  }

  #print(text: string): void {
    this.#io.stdout.write(`${text}\n`)
  }
}
