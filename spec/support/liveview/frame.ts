import { isDeepStrictEqual } from "node:util"
import { readBinaryPush } from "../binary-v2.js"
import type { Parts } from "../ref-pairs.js"

/** A frame of serializer V2, decoded without the code under test. */
export interface LiveFrame {
  joinRef: string | null
  ref: string | null
  topic: string
  event: string
  /** JSON, or the bytes of a binary push. */
  payload: unknown
}

/** Decodes a frame: an array of five in JSON, or a binary push. */
export function readFrame(frame: string | Buffer): LiveFrame {
  const parts = typeof frame === "string" ? (JSON.parse(frame) as Parts) : readPush(frame)
  const [joinRef, ref, topic, event, payload] = parts
  return { joinRef, ref, topic, event, payload }
}

function readPush(frame: Buffer): Parts {
  if (frame[0] !== 0) throw new Error(`a binary frame of a client begins with 0, and this one with ${frame[0]}`)
  const [joinRef, ref, topic, event, payload] = readBinaryPush(new Uint8Array(frame).buffer)
  return [joinRef, ref, topic, event, Buffer.from(payload as ArrayBuffer)]
}

/** Whether two frames of clients mean the same, apart from refs and from values that differ with each run. */
export const saysTheSame = (one: LiveFrame, other: LiveFrame): boolean =>
  isDeepStrictEqual(meaning(one), meaning(other))

function meaning({ topic, event, payload }: LiveFrame): unknown {
  return { topic, event, payload: Buffer.isBuffer(payload) ? payload.toString("base64") : masked(payload) }
}

/** Members that hold a URL of the page, whose origin differs. */
const URLS = ["url", "redirect", "_live_referer"]

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === "last_modified") return [key, "masked"]
      if (URLS.includes(key) && typeof inner === "string") return [key, inner.replace(/^https?:\/\/[^/]+/, "")]
      return [key, masked(inner)]
    }),
  )
}

/** A frame as error messages show it. */
export function shown({ joinRef, ref, topic, event, payload }: LiveFrame): string {
  const what = Buffer.isBuffer(payload) ? `${payload.length} bytes` : JSON.stringify(payload)
  return `[${joinRef}, ${ref}] ${topic} ${event} ${what.length > 600 ? `${what.slice(0, 600)}…` : what}`
}
