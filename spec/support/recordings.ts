import { readFileSync, readdirSync } from "node:fs"

const FOLDER = new URL("../../fixtures/recordings/", import.meta.url)

/** A websocket of a recording. fixtures/README.md describes the fields. */
export interface RecordedConnection {
  id: string
  url: string
  /** A list, or in `official_*` the header as the server saw it. */
  protocols?: string[] | string
  headers?: Record<string, string>
  origin?: string
  opened?: boolean
  http: { status: number; headers?: Record<string, string>; body?: string; protocol?: string; by?: string }
  protocol?: string
  extensions?: string
  close?: { code: number; reason: string; t: number; by?: "client" | "server" }
  error?: string
  raw_handshake?: boolean
  t?: number
}

/** A frame that one end sent. */
export interface RecordedFrame {
  conn: string
  t: number
  dir: "out" | "in"
  kind: "text" | "binary" | "ping" | "pong" | "close"
  data?: string
  json?: string
  code?: number
  reason?: string
  note?: string
  bytes?: number
  data_omitted?: true
  head?: string
}

/** An HTTP request and its answer. */
export interface RecordedExchange {
  n: number
  t: number
  took_ms: number
  method: string
  path: string
  request_headers: Record<string, string>
  request_body: string | null
  request_bytes?: number
  status?: number
  response_headers?: Record<string, string>
  response_body?: string
  aborted_by_client?: boolean
  note?: string
}

/** The traffic of one scenario. */
export interface Recording {
  name: string
  about: string
  client?: string
  notes?: string[]
  connections: RecordedConnection[]
  frames: RecordedFrame[]
  exchanges: RecordedExchange[]
  events: { t: number; event: string }[]
}

/** One recording, by name. */
export function readRecording(name: string): Recording {
  const recording = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as Partial<Recording>
  return { connections: [], frames: [], exchanges: [], events: [], ...recording } as Recording
}

/** Every recording whose name begins with the prefix. */
export function readRecordings(prefix = ""): Recording[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith(prefix) && file.endsWith(".json"))
    .map((file) => readRecording(file.slice(0, -".json".length)))
}
