import type { Status } from "rookery"

/** The state of the connection. */
export interface LineState {
  status: Status
  /** The time of the next attempt, if one is scheduled. */
  retryAt?: number | undefined
  /** Whether the device reports a network. */
  online: boolean
  /** Whether an open connection has not answered a ping in time. */
  silent?: boolean
}

/** The light of the connection. */
export interface Light {
  tone: "good" | "busy" | "bad"
  /** The state of the connection, without the seconds. */
  state: "Connecting" | "Connected" | "Reconnecting" | "Offline"
  /** Seconds until the next attempt. */
  seconds?: number
}

/**
 * The light for a state of the connection. A device that reports no network can still reach a server on itself, so an
 * open connection counts for more, as long as it answers.
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

/** The text for the light. */
export const lightText = ({ state, seconds }: Light): string =>
  seconds === undefined ? (state.endsWith("ing") ? `${state}…` : state) : `${state} in ${seconds} s`
