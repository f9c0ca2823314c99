import type { Link, Transport } from "rookery"

const LOST = { code: 1006, reason: "", wasClean: false }

/**
 * A network cable that can be cut: while it is cut, the client's connections are lost without a close frame, and none
 * can be opened. The server does notice that a connection closes.
 *
 * ```ts
 * const cable = new Cable()
 * const socket = new Socket("/socket", { transport: cable.over(webSocket()) })
 * cable.cut()
 * ```
 */
export class Cable {
  #isCut = false
  readonly #cuts = new Set<() => void>()

  /** Whether it is cut. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** Cuts the open connections. */
  cut(): void {
    this.#isCut = true
    for (const cut of this.#cuts) cut()
  }

  /** Lets the next attempt through. Call `connect()` on a waiting socket to make the attempt at once. */
  mend(): void {
    this.#isCut = false
  }

  /** A transport whose connections go over this cable. */
  over(transport: Transport): Transport {
    return {
      name: transport.name,
      open: (url, options, events): Link => {
        if (this.#isCut) {
          queueMicrotask(() => {
            events.error(new Error("the cable is cut"))
            events.close(LOST)
          })
          return { send: () => {}, close: () => {}, bufferedAmount: 0 }
        }
        let isWhole = true
        const link = transport.open(url, options, {
          open: (traits) => isWhole && events.open(traits),
          frame: (frame) => isWhole && events.frame(frame),
          error: (error) => isWhole && events.error(error),
          close: (info) => isWhole && end(() => events.close(info)),
        })
        const end = (tell: () => void): void => {
          isWhole = false
          this.#cuts.delete(cut)
          tell()
        }
        const cut = (): void =>
          end(() => {
            link.close()
            events.close(LOST)
          })
        this.#cuts.add(cut)
        return link
      },
    }
  }
}
