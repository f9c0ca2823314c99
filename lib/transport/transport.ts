import { ABNORMAL } from "../protocol/close-codes.js"
import type { BinaryType, Frame, IncomingFrame } from "../protocol/frame.js"

/** How a line ended; a `CloseEvent` is one. */
export interface CloseInfo {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** What is special about a link, told when it opens. */
export interface LinkTraits {
  /** It carries no binary frames, so the socket speaks JSON over it. */
  readonly textOnly?: boolean
  /** The transport notices by itself when the server is gone. */
  readonly skipHeartbeat?: boolean
  /** It wants a ping: a line that opens and then carries nothing is told from a good one by the answer. */
  readonly wantsPing?: boolean
}

/**
 * What a link tells: `open` at most once, then frames; `error` any time; `close` exactly once and last, also when the
 * link never opened. Nothing before `open()` of the transport has returned.
 */
export interface LinkEvents {
  open(traits?: LinkTraits): void
  frame(frame: IncomingFrame): void
  error(error: unknown): void
  close(info: CloseInfo): void
}

/** One line to the server, for as long as it holds. */
export interface Link {
  send(frame: Frame): void
  /** Ends the line; `close` follows. Without a code the close frame carries none. */
  close(code?: number, reason?: string): void
  /** Bytes that were sent and have not left yet: what the high-water mark looks at. */
  readonly bufferedAmount: number
}

/** What a transport is told beside the URL. */
export interface LinkOptions {
  /** The same URL for a link that is {@link LinkTraits.textOnly}: it asks for a serializer of text. */
  readonly textUrl: string
  /** Sent where the server looks for it: as a subprotocol by a websocket, in a header by long-poll. */
  readonly authToken?: string | undefined
  /** How a websocket hands over bytes. */
  readonly binaryType: BinaryType
  /** How long one request of long-poll may take, in milliseconds. */
  readonly timeout: number
}

/** A way to the server. Anyone can write one: see `webSocket()` for the shape. */
export interface Transport {
  readonly name: string
  /**
   * Begins to connect. The URL is the websocket's, `ws(s)://host/socket/websocket?…&vsn=2.0.0`; other transports make
   * their own of it.
   */
  open(url: string, options: LinkOptions, events: LinkEvents): Link
}

/** The end of a line of which the other end has said nothing. */
export const closeInfo = (code: number = ABNORMAL, reason = ""): CloseInfo => ({ code, reason, wasClean: false })
