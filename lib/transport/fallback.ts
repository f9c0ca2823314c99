import { ConnectError } from "../protocol/errors.js"
import { systemClock, type Clock } from "../protocol/clock.js"
import { abnormalClose, type Link, type LinkEvents, type LinkOptions, type Transport } from "./transport.js"

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
  after?: number
  /**
   * Where it is remembered that the first transport does not work here, as phoenix.js remembers it.
   *
   * @default the page's sessionStorage
   */
  storage?: FallbackStorage | undefined
  /** Where time comes from. */
  clock?: Clock
}

// The getter itself throws where storage is forbidden (a sandboxed frame).
function pageStorage(): FallbackStorage | undefined {
  try {
    return globalThis.sessionStorage
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
  const { after = 2500, storage = pageStorage(), clock = systemClock } = options
  const key = `phx:fallback:${second.name}`
  let firstWorks = false
  let useSecond = storage?.getItem(key) === "true"

  const openSecond = (url: string, linkOptions: LinkOptions, events: LinkEvents): Link => {
    let opened = false
    return second.open(url, linkOptions, {
      ...events,
      open() {
        opened = useSecond = true
        if (!firstWorks) storage?.setItem(key, "true")
        events.open()
      },
      close(info) {
        if (!opened) useSecond = false
        events.close(info)
      },
    })
  }

  return {
    name: `${first.name} or ${second.name}`,
    open(url, linkOptions, events) {
      if (useSecond) return openSecond(url, linkOptions, events)

      let link: Link
      let onFirst = true
      let opened = false
      let closing = false
      const leaveFirst = (): void => {
        clock.clearTimeout(timer)
        onFirst = false
        link.close()
      }
      const fallBack = (): void => {
        leaveFirst()
        link = openSecond(url, linkOptions, events)
      }
      const late = (): void => {
        if (!opened) return fallBack()
        // The socket believes in this line already, so it is told that it ended, and finds the second at its next try.
        leaveFirst()
        useSecond = true
        events.error(new ConnectError(`${first.name} opened but carried nothing within ${after} ms`))
        events.close(abnormalClose("no answer to a ping"))
      }
      let timer = clock.setTimeout(late, after)

      link = first.open(url, linkOptions, {
        open() {
          if (!onFirst) return
          opened = true
          clock.clearTimeout(timer)
          if (!firstWorks) timer = clock.setTimeout(late, after)
          events.open()
        },
        frame(frame) {
          if (!onFirst) return
          if (!firstWorks) {
            firstWorks = true
            clock.clearTimeout(timer)
          }
          events.frame(frame)
        },
        error(error) {
          if (!onFirst) return
          events.error(error)
          if (onFirst && !opened && !firstWorks && !closing) fallBack()
        },
        close(info) {
          if (!onFirst) return
          if (!opened && !firstWorks && !closing) return fallBack()
          clock.clearTimeout(timer)
          events.close(info)
        },
      })

      return {
        send: (frame) => link.send(frame),
        close(code, reason) {
          closing = true
          clock.clearTimeout(timer)
          link.close(code, reason)
        },
        get bufferedAmount() {
          return link.bufferedAmount
        },
        get textOnly() {
          return link.textOnly === true
        },
        get skipHeartbeat() {
          return link.skipHeartbeat === true
        },
        get wantsPing() {
          return onFirst && !firstWorks
        },
      }
    },
  }
}
