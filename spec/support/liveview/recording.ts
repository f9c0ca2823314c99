import { readdirSync, readFileSync } from "node:fs"

const FOLDER = new URL("../../../fixtures/liveview/", import.meta.url)

/** An action on the page. fixtures/liveview/README.md describes the kinds. */
export type Action =
  | { type: "navigate"; path: string }
  | { type: "click" | "submit"; selector: string }
  | { type: "fill"; selector: string; value: string }
  | { type: "setInputFiles"; selector: string; files: { name: string; mimeType: string; base64: string }[] }
  | { type: "evaluate"; script: string }
  | { type: "back" | "none" }
  | ({ type: "wait" } & Wait)

/** The conditions that end a wait for the page. All given ones have to hold. */
export interface Wait {
  path?: string
  selector?: string
  text?: string
  count?: number
  event?: string
}

/** The state of the page at the end. */
export interface End {
  title: string
  url: string
  class: string
  html: string
  values: Record<string, string>
  events: string[]
}

/** A step as the file has it. */
type RecordedStep =
  | { do: string; action: Action }
  | { event: "open"; conn: number; url: string }
  | { event: "close"; conn: number; code: number; who: "client" | "server" | "network" }
  | { event: "page"; path: string; html: string }
  | { from: "client" | "server"; opcode: "text" | "binary"; conn: number; frame: unknown; optional?: true }
  | { from: "client"; opcode: "http"; method: "GET" | "POST"; url: string; body?: string }
  | { from: "server"; opcode: "http"; body: { token?: string; messages?: string[] } }

/** A step of a replay, where long-poll is a connection with frames too. A binary frame is in bytes. */
export type Step =
  | { kind: "do"; what: string; action: Action }
  | { kind: "open"; conn: number; url: string }
  | { kind: "close"; conn: number; code: number; who: "client" | "server" | "network" }
  | { kind: "page"; path: string; html: string }
  | { kind: "client" | "server"; conn: number; frame: string | Buffer; optional: boolean }

/** One run of LiveView's JavaScript against a real Phoenix. */
export interface LiveRecording {
  page: { path: string; html: string; script: string }
  steps: Step[]
  end: End
}

/** The names of all recordings. */
export const LIVE_RECORDINGS: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length))

/** Reads a recording by its name. */
export function readLiveRecording(name: string): LiveRecording {
  const { page, steps, end } = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as {
    page: LiveRecording["page"]
    steps: RecordedStep[]
    end: End
  }
  return { page, steps: steps.flatMap(stepsOf), end }
}

/** A frame as long-poll writes it: text begins with a bracket, anything else is base64. */
export const polledFrame = (line: string): string | Buffer =>
  line.startsWith("[") ? line : Buffer.from(line, "base64")

function stepsOf(step: RecordedStep): Step[] {
  if ("do" in step) return [{ kind: "do", what: step.do, action: step.action }]
  if ("event" in step) {
    const { event, ...rest } = step
    return [{ kind: event, ...rest } as Step]
  }
  if (step.opcode !== "http") {
    const { from: kind, conn, opcode, frame, optional = false } = step
    return [{ kind, conn, frame: opcode === "text" ? JSON.stringify(frame) : polledFrame(frame as string), optional }]
  }
  if (step.from === "server") {
    return (step.body.messages ?? []).map((frame) => ({ kind: "server", conn: 1, frame, optional: false }))
  }
  if (step.method === "POST") {
    const lines = (step.body ?? "").split("\n")
    return lines.map((line) => ({ kind: "client", conn: 1, frame: polledFrame(line), optional: false }))
  }
  // The first request of a session has no token yet. Later ones wait for the server's messages.
  return step.url.includes("&token=") ? [] : [{ kind: "open", conn: 1, url: step.url }]
}
