import type { Duplex } from "node:stream"
import type { Frame } from "../../serializer/serializer.js"
import type { Runtime } from "../../server/api/runtime.js"
import type { Encoding } from "../../server/api/shared-frame.js"
import type { MessageLink } from "../messages/message-link.js"
import type { PlatformSocket } from "../messages/platform-socket.js"
import type { WsSocket } from "./ws-types.js"

/** A message in the form for `ws`, with text encoded once for all clients that get it. */
interface Prepared {
  readonly data: Uint8Array
  readonly binary: boolean
}

const PREPARED: Encoding<Prepared> = {
  encode: (data, text) => ({ data: typeof data === "string" ? Buffer.from(data) : data, binary: !text }),
}

/** Carries the messages of a websocket of the package `ws`. */
export class WsConnection implements PlatformSocket<Prepared> {
  readonly encoding: Encoding<Prepared> = PREPARED
  readonly #ws: WsSocket
  readonly #tcp: Duplex
  readonly #runtime: Pick<Runtime, "atEndOfTurn">
  #isCorked = false

  /** @param tcp the connection below; it is corked, so that the frames of one turn of the event loop are one write */
  constructor(ws: WsSocket, tcp: Duplex, runtime: Pick<Runtime, "atEndOfTurn">) {
    this.#ws = ws
    this.#tcp = tcp
    this.#runtime = runtime
  }

  /** Hands what comes to the link. */
  attach(link: MessageLink): void {
    const ws = this.#ws
    ws.on("message", (data, isBinary) => link.receive(isBinary ? data : data.toString()))
    ws.on("ping", (data) => void link.allowFrame(data.length))
    ws.on("pong", (data) => void link.allowFrame(data.length))
    // `ws` closes the connection after an error of its receiver, with the code that fits.
    ws.on("error", (error) => {
      if ((error as NodeJS.ErrnoException).code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") link.tooLong()
    })
    ws.on("close", (code) => link.closed(code))
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount
  }

  send(frame: Frame): void {
    this.#cork()
    this.#ws.send(frame, { binary: typeof frame !== "string" })
  }

  sendForm({ data, binary }: Prepared): void {
    this.#cork()
    this.#ws.send(data, { binary })
  }

  close(code: number, reason: string): void {
    // The client's close frame must be read.
    this.#ws.resume()
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  /** Holds written frames back until the end of this turn of the event loop. */
  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    this.#tcp.cork()
    this.#runtime.atEndOfTurn(() => {
      this.#isCorked = false
      this.#tcp.uncork()
    })
  }
}
