import type { IncomingFrame } from "../../lib/protocol/frame.js"
import type { CloseInfo, LinkEvents, LinkOptions, LinkTraits } from "../../lib/transport/transport.js"

/** An event of a link: its name and its argument. */
export type Told = ["open", LinkTraits?] | ["frame", IncomingFrame] | ["error", unknown] | ["close", CloseInfo]

/** A queue that can be waited on. */
export class Waitable<T> {
  readonly #items: T[] = []
  readonly #waiters: ((item: T) => void)[] = []

  push(item: T): void {
    const waiter = this.#waiters.shift()
    if (waiter === undefined) this.#items.push(item)
    else waiter(item)
  }

  /** The next item, once it is there. */
  async next(): Promise<T> {
    const item = this.#items.shift()
    return item === undefined ? new Promise((resolve) => this.#waiters.push(resolve)) : item
  }

  /** The items that no `next()` has taken. */
  get waiting(): readonly T[] {
    return this.#items
  }
}

/** The events of a link, one after the other. */
export class LinkLog extends Waitable<Told> implements LinkEvents {
  open(traits?: LinkTraits): void {
    this.push(traits === undefined ? ["open"] : ["open", traits])
  }
  frame(frame: IncomingFrame): void {
    this.push(["frame", frame])
  }
  error(error: unknown): void {
    this.push(["error", error])
  }
  close(info: CloseInfo): void {
    this.push(["close", info])
  }
}

/** The options of a link, with values for those that a test leaves out. */
export const linkOptions = (url: string, options: Partial<LinkOptions> = {}): LinkOptions => ({
  textUrl: url,
  binaryType: "arraybuffer",
  timeout: 20_000,
  ...options,
})
