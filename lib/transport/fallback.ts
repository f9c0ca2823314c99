import { ABNORMAL } from "../protocol/close-codes.js"
import { ConnectError } from "../protocol/errors.js"
import { systemClock, type Clock } from "../protocol/clock.js"
import { closeInfo, type Link, type LinkEvents, type LinkOptions, type Transport } from "./transport.js"

/** The part of the web's `Storage` that a fallback uses. */
export interface FallbackStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** Options of {@link withFallback}. */
export interface FallbackOptions {
  /**
   * How long the first transport may take to open and then, with a {@link Socket}, to carry its first frame, in
   * milliseconds.
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

/**
 * Calls the function, and returns `undefined` if it throws: any use of a full or forbidden storage does (in a sandboxed
 * frame, for example).
 */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}

/**
 * The first transport, or the second one if the first fails, does not open in time, or opens and then carries no
 * frames. Once the first has worked, its failures count as network failures, and it is tried again. If the second does
 * not open either, the next attempt starts with the first.
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
  /** The transport that works here, once known. */
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
      let link: Link | undefined
      let timer: unknown
      let isOpen = false
      /** Whether the attempt goes on without the first transport, whose late events are dropped. */
      let isAbandoned = false
      /** Whether this attempt tests if the first transport works here. */
      let isTrial = !working
      const giveUp = (): void => {
        if (!isTrial) return
        isTrial = false
        isAbandoned = true
        clock.clearTimeout(timer)
        link?.close()
        if (!isOpen) {
          link = openSecond(url, linkOptions, events)
          return
        }
        // The socket is already connected, so this connection ends, and the next attempt uses the second transport.
        working = second
        events.error(new ConnectError(`${first.name}: no answer within ${after} ms`))
        events.close(closeInfo(ABNORMAL, "no answer"))
      }
      const firstEvents: LinkEvents = {
        open(traits) {
          if (isAbandoned) return
          isOpen = true
          // A server that gets no request may be silent for a long time.
          isTrial &&= !linkOptions.neverPings
          clock.clearTimeout(timer)
          timer = clock.setTimeout(giveUp, after)
          events.open({ ...traits, wantsPing: isTrial })
        },
        frame(frame) {
          if (isAbandoned) return
          isTrial = false
          working = first
          events.frame(frame)
        },
        error(error) {
          if (isAbandoned) return
          events.error(error)
          if (!isOpen) giveUp()
        },
        close(info) {
          if (isAbandoned) return
          if (isTrial && !isOpen) return giveUp()
          // Some proxies accept a websocket and cut it off before its first frame.
          if (isTrial && !info.wasClean) working = second
          clock.clearTimeout(timer)
          events.close(info)
        },
      }
      if (isTrial) timer = clock.setTimeout(giveUp, after)
      try {
        link = first.open(url, linkOptions, firstEvents)
      } catch (error) {
        // For example on a platform without a WebSocket.
        if (!isTrial) throw error
        giveUp()
      }
      return {
        send: (frame) => link?.send(frame),
        close(code, reason) {
          // The link is closing on purpose, so a failure of the first no longer falls back.
          isTrial = false
          clock.clearTimeout(timer)
          link?.close(code, reason)
        },
        get bufferedAmount() {
          return link?.bufferedAmount ?? 0
        },
      }
    },
  }
}
