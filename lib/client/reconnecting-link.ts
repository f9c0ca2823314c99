import type { Clock } from "../protocol/clock.js"
import { NORMAL } from "../protocol/close-codes.js"
import { ConnectError, RookeryError, TimeoutError } from "../protocol/errors.js"
import type { IncomingFrame } from "../serializer/serializer.js"
import { warnOfFailure } from "../transport/platform.js"
import { closeInfo, type CloseInfo, type Link, type LinkEvents, type LinkTraits } from "../transport/transport.js"
import type { DownReason, LostReason, ReconnectPolicy, Status, StatusChange } from "./connection-status.js"
import { onAbort } from "./on-abort.js"
import { isPageHidden, onPageEvents } from "./page-lifecycle.js"
import { whenReady } from "./provider.js"

/** The owner of the link: a socket, or a plain connection. */
export interface ConnectionUser<Target> {
  /** Returns where to connect to; called before every attempt. */
  findTarget(): Target | PromiseLike<Target>
  /** Starts an attempt. */
  open(target: Target, events: LinkEvents): Link
  onConnOpen(traits: LinkTraits): void
  onConnMessage(frame: IncomingFrame): void
  /** Returns whether the application listens to errors. */
  onConnError(error: unknown): boolean
  /** The link is down. Called before the next attempt is scheduled. */
  onConnDown(reason: DownReason): void
  /** The link is closed. */
  onConnClose(info: CloseInfo): void
  onConnStatus(status: Status, change: StatusChange): void
  /** The page slept, or the network changed: the open link may be dead. */
  onConnSuspect(): void
}

/** Options of a {@link ReconnectingLink}. */
export interface ReconnectingLinkOptions {
  clock: Clock
  reconnectAfterMs: ReconnectPolicy
  maxReconnectAttempts: number
  pageEvents: boolean
}

/** One attempt to connect, and the link that it opened. */
interface Attempt {
  link?: Link
  state: "connecting" | "open" | "closing" | "closed"
  whenClosed: (() => void)[]
  /** Whether `onConnDown` was called. Channels that join while the link closes then wait for the next one. */
  isDown?: true
}

/** How long an explicit disconnect waits for the server's close frame, as in phoenix.js. */
const CLOSE_WAIT_MS = 1500

/** How long an attempt may take, as in Firefox. Node has no limit of its own, and Chrome takes minutes. */
const CONNECT_WAIT_MS = 20_000

/** How long a join, or `opened()`, may wait for a call of `connect()`. */
const REMINDER_MS = 3000

/** Keeps one link to the server open: attempts, back-off, page events. It does not read frames. */
export class ReconnectingLink<Target> {
  readonly #user: ConnectionUser<Target>
  readonly #options: ReconnectingLinkOptions
  #status: Status = "disconnected"
  #attempt: Attempt | undefined
  /** Whether the owner wants to be connected. */
  #wanted = false
  #tries = 0
  #timer: unknown
  #lost: LostReason | undefined
  /** Stops listening to page events; set while `connect()` is in effect, also while the page is hidden. */
  #stopFollowing: (() => void) | undefined
  readonly #openedWaiters = new Set<(error?: unknown) => void>()

  constructor(user: ConnectionUser<Target>, options: ReconnectingLinkOptions) {
    this.#user = user
    this.#options = options
  }

  get status(): Status {
    return this.#status
  }

  /** The open link, if there is one. */
  get link(): Link | undefined {
    return this.#attempt?.state === "open" ? this.#attempt.link : undefined
  }

  /** The state in phoenix.js's words; `closed` between two attempts. */
  get state(): Attempt["state"] {
    return this.#attempt?.state ?? "closed"
  }

  /** Starts an attempt, unless one is in progress or the link is open. */
  connect(): void {
    const former = this.#attempt
    if (former && former.state !== "closing") return
    if (!this.#wanted) {
      this.#wanted = true
      this.#tries = 0
      this.#lost = undefined
    }
    if (this.#options.pageEvents) this.#stopFollowing ??= this.#followPage()
    const attempt: Attempt = { state: "connecting", whenClosed: [] }
    this.#attempt = attempt
    // A new attempt does not wait for the close frame of the former link.
    if (former) this.#onEnd(former, closeInfo())
    this.#setStatus(this.#tries ? "reconnecting" : "connecting")
    whenReady(
      () => this.#user.findTarget(),
      (target) => {
        if (attempt.state !== "connecting") return
        this.#setTimer(() => {
          this.#onError(attempt, new ConnectError("no answer"))
          this.#drop(attempt)
        }, CONNECT_WAIT_MS)
        attempt.link = this.#user.open(target, this.#eventsFor(attempt))
      },
      (error) => {
        this.#onError(attempt, new ConnectError(`${error}`, undefined, error))
        this.#drop(attempt)
      },
    )
  }

  disconnect(whenClosed: () => void = () => {}, code?: number, reason?: string): void {
    this.#stop()
    // Read after `#stop()`: a status handler may have ended the attempt.
    const attempt = this.#attempt
    if (!attempt) return whenClosed()
    attempt.whenClosed.push(whenClosed)
    const end = (): void => this.#onEnd(attempt, closeInfo(code, reason))
    if (!attempt.link) return end()
    this.#setTimer(end, CLOSE_WAIT_MS)
    if (attempt.state === "closing") return
    attempt.state = "closing"
    attempt.link.close(code, reason)
    this.#reportDown(attempt, "connection_closed")
  }

  /** Ends the link at once and stays disconnected; the owner gets no further events of this link. */
  abandon(): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    this.#stop()
    if (attempt) this.#drop(attempt)
  }

  /** Drops a link on which a heartbeat was not answered, and schedules the next attempt. */
  dropSilent(): void {
    if (this.#attempt) this.#drop(this.#attempt, "heartbeat_timeout", NORMAL, "heartbeat timeout")
  }

  /** Warns unless `connect()` is called soon, or was ever called: a link that was disconnected is so on purpose. */
  remindToConnect(): void {
    const remind = (): unknown => this.#wanted || console.warn("not connected: call connect()")
    this.#timer ??= this.#options.clock.setTimeout(remind, REMINDER_MS)
  }

  /** Resolves once connected; rejects when no further attempt will be made. */
  opened(timeoutMs?: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock } = this.#options
      let unfollow = (): void => {}
      const settle = (error: unknown = this.#lost?.error): void => {
        this.#openedWaiters.delete(settle)
        clock.clearTimeout(timer)
        unfollow()
        if (this.link) resolve()
        else reject(error instanceof RookeryError ? error : new ConnectError("not connected", undefined, error))
      }
      const late = (): void =>
        settle(new TimeoutError("timeout", `not connected within ${timeoutMs} ms`, this.#lost?.error))
      const timer = timeoutMs && clock.setTimeout(late, timeoutMs)
      this.#openedWaiters.add(settle)
      unfollow = onAbort(signal, () => settle(new RookeryError("aborted", "the signal was aborted", signal?.reason)))
      if (this.link) settle()
    })
  }

  #eventsFor(attempt: Attempt): LinkEvents {
    return {
      open: (traits = {}) => {
        if (attempt.state !== "connecting") return
        attempt.state = "open"
        this.#setTimer()
        this.#tries = 0
        this.#lost = undefined
        this.#user.onConnOpen(traits)
        // A handler of `open` may have disconnected already.
        if (this.link === attempt.link) this.#setStatus("connected")
      },
      frame: (frame) => {
        if (attempt.state === "open") this.#user.onConnMessage(frame)
      },
      error: (error) => this.#onError(attempt, error),
      close: (info) => this.#onEnd(attempt, info),
    }
  }

  #onError(attempt: Attempt, error: unknown): void {
    // Closing a link can cause an error on it, which is not worth a report.
    if (this.#attempt !== attempt || attempt.state === "closing") return
    this.#lost = { error }
    // The attempt continues: `close` follows, unless the transport falls back to another one.
    const isHeard = this.#user.onConnError(error)
    if (!isHeard && attempt.state === "connecting") warnOfFailure(error)
  }

  #onEnd(
    attempt: Attempt,
    info: CloseInfo,
    down: DownReason = this.#lost?.error ? "connection_error" : "connection_closed",
  ): void {
    if (attempt.state === "closed") return
    const isCurrent = this.#attempt === attempt
    if (isCurrent) this.#attempt = undefined
    attempt.state = "closed"
    this.#setTimer()
    this.#reportDown(attempt, down)
    if (isCurrent) {
      if (this.#wanted && !this.#attempt) this.#planNext(info)
      this.#user.onConnClose(info)
    }
    for (const callback of attempt.whenClosed) callback()
  }

  #reportDown(attempt: Attempt, reason: DownReason): void {
    if (attempt.isDown) return
    attempt.isDown = true
    this.#user.onConnDown(reason)
  }

  #planNext({ code, reason, wasClean }: CloseInfo): void {
    const lost = (this.#lost = { ...this.#lost, code, reason, wasClean })
    const { maxReconnectAttempts, reconnectAfterMs } = this.#options
    const tries = ++this.#tries
    const delay = tries <= maxReconnectAttempts && reconnectAfterMs(tries, lost)
    if (delay === false) return this.#stop()
    // While the page is hidden the attempt waits for the page to be shown.
    this.#setTimer(() => (this.#stopFollowing && isPageHidden()) || this.connect(), delay)
    this.#setStatus("reconnecting", delay)
  }

  /** Replaces the one pending timer (connect timeout, close timeout or retry). Without arguments, clears it. */
  #setTimer(then?: () => unknown, ms?: number): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    if (then) this.#timer = clock.setTimeout(then, ms as number)
  }

  /** Ends an attempt without waiting for the server. */
  #drop(attempt: Attempt, down?: DownReason, code?: number, reason?: string): void {
    attempt.link?.close(code, reason)
    this.#onEnd(attempt, closeInfo(code, reason), down)
  }

  #stop(): void {
    this.#stopFollowing?.()
    this.#stopFollowing = undefined
    this.#wanted = false
    this.#setTimer()
    this.#setStatus("disconnected")
  }

  #setStatus(status: Status, retryInMs?: number): void {
    const same = status === this.#status
    this.#status = status
    if (this.link || !this.#wanted) for (const settle of this.#openedWaiters) settle()
    if (same && retryInMs === undefined) return
    this.#user.onConnStatus(status, { tries: this.#tries, retryInMs, lost: this.#lost })
  }

  #followPage(): () => void {
    const shown = (): void => {
      if (isPageHidden()) return
      if (this.link) this.#user.onConnSuspect()
      else this.connect()
    }
    return onPageEvents({
      visibilitychange: shown,
      // Chrome does not always send `visibilitychange` to a thawed page.
      resume: shown,
      // Also fires when the page is loaded, and follows a `pagehide` otherwise: an open link is new then.
      pageshow: () => this.link || shown(),
      // An open connection would keep the page out of the back/forward cache.
      pagehide: () => {
        this.disconnect()
        this.#stopFollowing = this.#followPage()
      },
      online: shown,
    })
  }
}
