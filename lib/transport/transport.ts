import { ABNORMAL } from "../protocol/close-codes.js"
import type { BinaryType, Frame, IncomingFrame } from "../protocol/frame.js"

/** How a link was closed; a `CloseEvent` has this shape. */
export interface CloseInfo {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** Properties of a link, passed to `open`. */
export interface LinkTraits {
  /** The link cannot carry binary frames, so the socket speaks JSON over it. */
  readonly textOnly?: boolean
  /** The transport itself notices when the server is gone, so no heartbeat is needed. */
  readonly skipHeartbeat?: boolean
  /** The link requires a ping: only its answer shows that an open link carries frames. */
  readonly wantsPing?: boolean
}

/**
 * The events of a link: `open` at most once, then frames; `error` at any time; `close` exactly once and last, even if
 * the link never opened. None is called before `open()` of the transport has returned.
 */
export interface LinkEvents {
  open(traits?: LinkTraits): void
  frame(frame: IncomingFrame): void
  error(error: unknown): void
  close(info: CloseInfo): void
}

/** One connection to the server. */
export interface Link {
  send(frame: Frame): void
  /** Closes the connection; the `close` event follows. Without a code the close frame carries none. */
  close(code?: number, reason?: string): void
  /** Bytes passed to `send` that have not left yet; compared with the high-water mark. */
  readonly bufferedAmount: number
}

/** Options of one connection, beside the URL. */
export interface LinkOptions {
  /** The same URL for a link that is {@link LinkTraits.textOnly}: its `vsn` selects a serializer of text. */
  readonly textUrl: string
  /** The auth token: a websocket sends it as a subprotocol, long-poll in a header. */
  readonly authToken?: string | undefined
  /** The type in which a websocket delivers bytes. */
  readonly binaryType: BinaryType
  /** Whether the owner sends no ping on a link that wants one: such a link counts as working once it has opened. */
  readonly neverPings?: boolean
  /** How long one long-poll request may take, in milliseconds. */
  readonly timeout: number
}

/** Opens connections to the server. `webSocket()` is an example for one of your own. */
export interface Transport {
  readonly name: string
  /**
   * Starts to connect. The URL is the websocket's, `ws(s)://host/socket/websocket?…&vsn=2.0.0`; other transports derive
   * theirs from it.
   */
  open(url: string, options: LinkOptions, events: LinkEvents): Link
}

/** The close of a link for which the server sent no close frame. */
export const closeInfo = (code: number = ABNORMAL, reason = ""): CloseInfo => ({ code, reason, wasClean: false })
