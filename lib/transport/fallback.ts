import { ABNORMAL } from "../protocol/close-codes.js"
import { ConnectError } from "../protocol/errors.js"
import { systemClock, type Clock } from "../protocol/clock.js"
import { closeInfo, type Link, type LinkEvents, type LinkOptions, type Transport } from "./transport.js"

/** As much of the web's `Storage` as is used here. */
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
   * Where it is remembered that the first transport does not work here, as phoenix.js remembers it.
   *
   * @default the page's sessionStorage
   */
  storage?: FallbackStorage | undefined
  /** Where time comes from. */
  clock?: Clock | undefined
}

/** Where storage is forbidden (a sandboxed frame) or full, everything of it throws, the getter of the page first. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}

/**
 * The first transport, or the second where the first does not work: when it fails or does not open in time, or opens
 * and then carries nothing. Once the first has worked, its failures are failures of the network and it is tried again; a
 * second that does not open either changes nothing.
 */
export function withFallback(first: Transport, second: Transport, options: FallbackOptions = {}): Transport {
  const { after = 2500, storage = attempt(() => globalThis.sessionStorage), clock = systemClock } = options
  const key = `phx:fallback:${second.name}`
  /** Which of them works here, once that is known. */
  let working = attempt(() => storage?.getItem(key)) === "true" ? second : undefined

  const openSecond = (url: string, linkOptions: LinkOptions, events: LinkEvents): Link => {
    // Until it opens nobody knows.
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
      // Where the attempt stands: with the first, or with the first open, or with the first as it was told to close; or it
      // is none of the first's business any more.
      let stage: "trying" | "open" | "closing" | "closed" = "trying"
      const leaveFirst = (): void => {
        stage = "closed"
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
        // The socket believes in this line already, so it is told that it ended, and finds the second at its next try.
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
          if (stage === "closed") return
          events.error(error)
          if (stage === "trying" && !working) fallBack()
        },
        close(info) {
          if (stage === "closed") return
          if (stage === "trying" && !working) return fallBack()
          // Let in and cut off before a word was said: some proxies do that to what they do not know.
          if (stage === "open" && !info.wasClean) working ??= second
          clock.clearTimeout(timer)
          events.close(info)
        },
      }
      try {
        link = first.open(url, linkOptions, firstEvents)
      } catch (error) {
        // No WebSocket here at all, for one.
        if (working) throw error
        fallBack()
      }
      return {
        send: (frame) => link.send(frame),
        close(code, reason) {
          // From here on a failure of the first is the end that was asked for.
          if (stage !== "closed") stage = "closing"
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
