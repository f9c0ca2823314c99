/** A client of the code, as the panel shows it. */
export interface ClientState {
  readonly id: number
  readonly name: string
  readonly status: string
  readonly isCut: boolean
  readonly channels: readonly { readonly topic: string; readonly state: string }[]
}

/** A message on the wire of a client. */
export interface WireFrame {
  readonly client: string
  readonly direction: "sent" | "received"
  readonly topic: string
  readonly event: string
  readonly payload: string
  readonly offset: string
  readonly form: "text" | "binary"
  readonly bytes: number
}

/** A row of the output. */
export interface OutputRow {
  readonly level: "log" | "warn" | "error"
  readonly text: string
}

/** The messages of the frame to the page. */
export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "output"; readonly row: OutputRow }
  | { readonly kind: "clients"; readonly clients: readonly ClientState[] }
  | { readonly kind: "frame"; readonly frame: WireFrame }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly text: string }

/** The messages of the page to the frame, once it has the code. */
export type Command = { readonly cut: number; readonly isCut: boolean }

const MOST_CLIENTS = 50
const MOST_CHANNELS = 50
const LONGEST_TEXT = 4000
const LONGEST_NAME = 100

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {})
const textOf = (value: unknown, longest = LONGEST_NAME): string =>
  typeof value === "string" ? value.slice(0, longest) : ""
const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0)
const oneOf = <T extends string>(value: unknown, names: readonly [T, ...T[]]): T =>
  names.find((name) => name === value) ?? names[0]
const listOf = (value: unknown, most: number): Fields[] =>
  Array.isArray(value) ? value.slice(0, most).map(fieldsOf) : []

/**
 * Reads a message of the frame. The code in it may come from a stranger, and may send anything: the result has only
 * strings and numbers of the sizes that the panel can show.
 */
export function readReport(message: unknown): Report | undefined {
  const fields = fieldsOf(message)
  switch (fields["kind"]) {
    case "ready":
    case "ended":
      return { kind: fields["kind"] }
    case "failed":
      return { kind: "failed", text: textOf(fields["text"], LONGEST_TEXT) }
    case "output": {
      const row = fieldsOf(fields["row"])
      const level = oneOf(row["level"], ["log", "warn", "error"])
      return { kind: "output", row: { level, text: textOf(row["text"], LONGEST_TEXT) } }
    }
    case "clients":
      return { kind: "clients", clients: listOf(fields["clients"], MOST_CLIENTS).map(readClient) }
    case "frame":
      return { kind: "frame", frame: readFrame(fieldsOf(fields["frame"])) }
    default:
      return undefined
  }
}

const readClient = (fields: Fields): ClientState => ({
  id: numberOf(fields["id"]),
  name: textOf(fields["name"]),
  status: textOf(fields["status"]),
  isCut: fields["isCut"] === true,
  channels: listOf(fields["channels"], MOST_CHANNELS).map(({ topic, state }) => ({
    topic: textOf(topic),
    state: textOf(state),
  })),
})

const readFrame = (fields: Fields): WireFrame => ({
  client: textOf(fields["client"]),
  direction: oneOf(fields["direction"], ["sent", "received"]),
  topic: textOf(fields["topic"]),
  event: textOf(fields["event"]),
  payload: textOf(fields["payload"], LONGEST_TEXT),
  offset: textOf(fields["offset"]),
  form: oneOf(fields["form"], ["text", "binary"]),
  bytes: numberOf(fields["bytes"]),
})
