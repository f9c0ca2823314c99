import { readdirSync, readFileSync } from "node:fs"

const FOLDER = new URL("../../fixtures/recordings/", import.meta.url)

/** A websocket that the client opened, or tried to open. */
export interface RecordedConnection {
  id: string
  url: string
  t: number
  protocols?: string
  http: { status: number }
  close?: { by: string; code: number; reason: string }
}

/** A frame that the websocket carried. */
export interface RecordedFrame {
  conn: string
  t: number
  dir: "in" | "out"
  kind: "text" | "close"
  data?: string
  code?: number
  reason?: string
  note?: string
}

/** An HTTP request with its answer. */
export interface RecordedExchange {
  t: number
  took_ms: number
  method: "GET" | "POST"
  path: string
  request_headers: Record<string, string>
  request_body: string | null
  status?: number
  response_body?: string
  aborted_by_client?: boolean
}

/** One scenario of the official client, as a proxy recorded it. */
export interface Recording {
  name: string
  about: string
  connections?: RecordedConnection[]
  frames?: RecordedFrame[]
  exchanges?: RecordedExchange[]
  events?: { t: number; event: string }[]
}

export function readRecording(name: string): Recording {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as Recording
}

/** The names of all recordings that begin with the prefix. */
export function recordingNames(prefix: string): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith(prefix) && file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort()
}
