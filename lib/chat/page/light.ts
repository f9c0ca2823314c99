import type { Status } from "rookery"

/** What is known of the line. */
export interface LineState {
  status: Status
  /** When the next attempt comes, if one is waited for. */
  retryAt?: number | undefined
  /** Whether the device says that it has a network. */
  online: boolean
  /** Whether an open line was asked for a sign of life, and has not given one in time. */
  silent?: boolean
}

/** What the light shows. */
export interface Light {
  tone: "good" | "busy" | "bad"
  /** Where the line stands, without what changes each second. */
  state: "Connecting" | "Connected" | "Reconnecting" | "Offline"
  /** Seconds until the next attempt. */
  seconds?: number
}

/**
 * What the light shows of a line. A device that says it has no network may be wrong: a server of its own is reached all
 * the same, so an open line counts for more, as long as it answers.
 */
export function lightOf({ status, retryAt, online, silent }: LineState, now: number): Light {
  if (status === "connected") {
    return silent ? { tone: "bad", state: "Offline" } : { tone: "good", state: "Connected" }
  }
  if (!online || status === "disconnected") return { tone: "bad", state: "Offline" }
  if (status === "connecting") return { tone: "busy", state: "Connecting" }
  const seconds = Math.ceil(((retryAt ?? now) - now) / 1000)
  return { tone: "busy", state: "Reconnecting", ...(seconds > 0 && { seconds }) }
}

/** The same in words. */
export const lightText = ({ state, seconds }: Light): string =>
  seconds === undefined ? (state.endsWith("ing") ? `${state}…` : state) : `${state} in ${seconds} s`
