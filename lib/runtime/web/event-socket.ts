import { NORMAL } from "../../protocol/close-codes.js"
import type { Frame } from "../../serializer/serializer.js"
import type { Encoding } from "../../server/api/shared-frame.js"
import type { MessageLink } from "../messages/message-link.js"
import { TEXT_OR_BYTES, type PlatformSocket } from "../messages/platform-socket.js"

/** A websocket with events, as the web has it: Deno's, and each half of a `WebSocketPair`. */
export interface WebSocketLike {
  binaryType: string
  /** Workers do not tell it. */
  readonly bufferedAmount?: number
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: "close", listener: (event: { readonly code: number }) => void): void
  addEventListener(type: "error" | "open", listener: () => void): void
}

/** Carries the messages of a websocket that has events. Such a websocket has no way to end without a close frame. */
export class EventSocket implements PlatformSocket<Frame> {
  readonly encoding: Encoding<Frame> = TEXT_OR_BYTES
  readonly #socket: WebSocketLike

  constructor(socket: WebSocketLike) {
    this.#socket = socket
    socket.binaryType = "arraybuffer"
  }

  /** Hands what comes to the link. */
  attach(link: MessageLink): void {
    const socket = this.#socket
    socket.addEventListener("message", ({ data }) => {
      link.receive(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer))
    })
    let isOver = false
    const over = (code?: number): void => {
      if (isOver) return
      isOver = true
      link.closed(code)
    }
    socket.addEventListener("close", ({ code }) => over(code))
    socket.addEventListener("error", () => over())
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount ?? 0
  }

  send(data: string | Uint8Array): void {
    try {
      this.#socket.send(data as string | Uint8Array<ArrayBuffer>)
    } catch {
      // The connection is ending, and its close event is on its way.
    }
  }

  sendForm(form: Frame): void {
    this.send(form)
  }

  close(code: number, reason: string): void {
    try {
      this.#socket.close(code, reason)
    } catch {
      // The same.
    }
  }

  terminate(): void {
    this.close(NORMAL, "")
  }
}
