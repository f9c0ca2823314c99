import { ABNORMAL } from "../protocol/close-codes.js"
import { ConnectError } from "../protocol/errors.js"
import { systemClock, type Clock } from "../protocol/clock.js"
import { closeInfo, type Link, type LinkEvents, type LinkOptions, type Transport } from "./transport.js"

/** The part of the web's `Storage` that is used here. */
export interface FallbackStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** Options of {@link withFallback}. */
export interface FallbackOptions {
  /**
   * How long the first transport may take to open, and then to carry its first frame, in milliseconds.
   *
   * @default 2500
   */
  after?: number | undefined
  /**
   * The store that remembers that the first transport does not work here, in phoenix.js's form.
   *
   * @default the page's sessionStorage
   */
  storage?: FallbackStorage | undefined
  /** The source of time. */
  clock?: Clock | undefined
}

/** Calls, and returns `undefined` if the call throws: any use of a storage that is full or forbidden (a sandboxed frame) does. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}

/**
 * The first transport, or the second one if the first fails, does not open in time, or opens and then carries nothing.
 * Once the first has worked, its failures are failures of the network, and it is tried again. If the second does not open
 * either, the next attempt begins with the first.
 */
export function withFallback(
  first: Transport,
  second: Transport,
  { after = 2500, clock = systemClock, storage }: FallbackOptions = {},
): Transport {
  return firstOrSecond(first, second, after, clock, storage)
}

/** The same with positional arguments, so that a `Socket` carries no defaults twice. */
export function firstOrSecond(
  first: Transport,
  second: Transport,
  after: number,
  clock: Clock,
  storage: FallbackStorage | undefined = attempt(() => globalThis.sessionStorage),
): Transport {
  const key = `phx:fallback:${second.name}`
  /** The transport that works here, once that is known. */
  let working = attempt(() => storage?.getItem(key)) === "true" ? second : undefined

  const openSecond = (url: string, linkOptions: LinkOptions, events: LinkEvents): Link => {
    // Not known before it opens.
    working = undefined
    return second.open(url, linkOptions, {
      // Not by spreading: the events may be an object of a class.
      frame: (frame) => events.frame(frame),
      error: (error) => events.error(error),
      open(traits) {
        working = second
        attempt(() => storage?.setItem(key, "true"))
        events.open(traits)
      },
      close: (info) => events.close(info),
    })
  }

  return {
    name: `${first.name} or ${second.name}`,
    open(url, linkOptions, events) {
      if (working === second) return openSecond(url, linkOptions, events)
      /** The state of the first transport; `abandoned` once the attempt goes on without it. */
      let stage: "trying" | "open" | "closing" | "abandoned" = "trying"
      const leaveFirst = (): void => {
        stage = "abandoned"
        clock.clearTimeout(timer)
        link?.close()
      }
      const fallBack = (): void => {
        leaveFirst()
        link = openSecond(url, linkOptions, events)
      }
      const late = (): void => {
        if (stage === "trying") return fallBack()
        if (working) return
        // The socket is connected already, so this connection ends, and the next attempt takes the second.
        leaveFirst()
        working = second
        events.error(new ConnectError(`${first.name}: no answer within ${after} ms`))
        events.close(closeInfo(ABNORMAL, "no answer"))
      }
      let timer = working ? undefined : clock.setTimeout(late, after)
      let link: Link
      const firstEvents: LinkEvents = {
        open(traits) {
          if (stage !== "trying") return
          stage = "open"
          clock.clearTimeout(timer)
          timer = clock.setTimeout(late, after)
          events.open({ ...traits, wantsPing: !working })
        },
        frame(frame) {
          if (stage !== "open") return
          working = first
          events.frame(frame)
        },
        error(error) {
          if (stage === "abandoned") return
          events.error(error)
          if (stage === "trying" && !working) fallBack()
        },
        close(info) {
          if (stage === "abandoned") return
          if (stage === "trying" && !working) return fallBack()
          // Some proxies accept a websocket and cut it off before its first frame.
          if (stage === "open" && !info.wasClean) working ??= second
          clock.clearTimeout(timer)
          events.close(info)
        },
      }
      try {
        link = first.open(url, linkOptions, firstEvents)
      } catch (error) {
        // For example on a platform without a WebSocket.
        if (working) throw error
        fallBack()
      }
      return {
        send: (frame) => link.send(frame),
        close(code, reason) {
          // A failure of the first no longer falls back: the end was asked for.
          if (stage !== "abandoned") stage = "closing"
          clock.clearTimeout(timer)
          link.close(code, reason)
        },
        get bufferedAmount() {
          return link.bufferedAmount
        },
      }
    },
  }
}
