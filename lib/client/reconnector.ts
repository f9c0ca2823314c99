import type { Clock } from "../protocol/clock.js"
import { ConnectError, RookeryError } from "../protocol/errors.js"
import type { IncomingFrame } from "../serializer/serializer.js"
import { abnormalClose, type CloseInfo, type Link, type LinkEvents } from "../transport/transport.js"
import { followPage, pageHidden } from "./follow-page.js"
import { whenReady } from "./when-ready.js"

/** Where a connection stands. `reconnecting` is everything between a lost line and the next one, the waiting included. */
export type Status = "disconnected" | "connecting" | "connected" | "reconnecting"

/** Why the last line ended, or why the last attempt failed. */
export interface LostReason {
  /** The close code, if there was a line. */
  code?: number
  /** The reason in the close frame, if there was one. */
  reason?: string
  /** The last error on the line; a {@link ConnectError} where the platform says why it refused. */
  error?: unknown
}

/** What goes with a new {@link Status}. */
export interface StatusChange {
  /** How many attempts in a row have failed. */
  tries: number
  /** When the next attempt comes, in milliseconds from now, while one is waited for. */
  retryInMs?: number
  /** Why the connection was lost, if it was. */
  lost?: LostReason
}

/** Says how long to wait before the nth attempt in a row, or `false` to end the trying. */
export type ReconnectPolicy = (tries: number, lost: LostReason) => number | false

/** Whoever lives on the connection. */
export interface ConnectionUser<Target> {
  /** Asked before every attempt: where to connect to. */
  prepare(): Target | PromiseLike<Target>
  /** Begins an attempt. */
  open(target: Target, events: LinkEvents): Link
  opened(link: Link): void
  frame(frame: IncomingFrame): void
  error(error: unknown): void
  /** The line no longer carries anything. Comes before the next attempt is planned. */
  down(reason: DownReason): void
  /** The line has ended. */
  closed(info: CloseInfo): void
  status(status: Status, change: StatusChange): void
  /** The network may have changed under an open line. */
  suspect(): void
}

/** By these words phoenix.js tells its channels why their line is gone. */
export type DownReason = "connection_closed" | "connection_error" | "heartbeat_timeout"

/** What a {@link Reconnector} is made of. */
export interface ReconnectorOptions {
  clock: Clock
  reconnectAfterMs: ReconnectPolicy
  maxReconnectAttempts: number
  pageEvents: boolean
}

interface Line {
  link?: Link
  state: "connecting" | "open" | "closing" | "closed"
  whenClosed: (() => void)[]
}

/** How long an explicit disconnect waits for the other end's close frame, as long as phoenix.js does. */
const CLOSE_WAIT_MS = 1500

/** Keeps one line to the server open: attempts, back-off, the page's comings and goings. It knows nothing of frames. */
export class Reconnector<Target> {
  readonly #user: ConnectionUser<Target>
  readonly #options: ReconnectorOptions
  #status: Status = "disconnected"
  #line: Line | undefined
  /** Whether somebody wants a connection; the page being away does not change that. */
  #wanted = false
  /** Tells an attempt that waited for its params from the one that is wanted now. */
  #attempts = 0
  #tries = 0
  #timer: unknown
  #lost: LostReason | undefined
  #unfollow: (() => void) | undefined
  #awayWithPage = false
  readonly #waiting = new Set<() => void>()

  constructor(user: ConnectionUser<Target>, options: ReconnectorOptions) {
    this.#user = user
    this.#options = options
  }

  get status(): Status {
    return this.#status
  }

  /** The open line, if there is one. */
  get link(): Link | undefined {
    return this.#line?.state === "open" ? this.#line.link : undefined
  }

  /** By phoenix.js's words; while waiting for the next attempt, `closed`. */
  get lineState(): Line["state"] {
    return this.#line?.state ?? "closed"
  }

  connect(): void {
    if (this.#line !== undefined && this.#line.state !== "closing") return
    this.#awayWithPage = false
    if (!this.#wanted) {
      this.#wanted = true
      this.#tries = 0
      this.#lost = undefined
    }
    if (this.#options.pageEvents) this.#unfollow ??= this.#follow()
    this.#attempt()
  }

  disconnect(whenClosed?: () => void, code?: number, reason?: string): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#hangUp(whenClosed, code, reason)
  }

  /** Ends the line at once and forgets it: nothing more is heard of it, and nothing is planned. */
  abandon(): void {
    const line = this.#line
    this.#stop()
    this.#line = undefined
    if (line !== undefined) this.#forget(line)
    this.#setStatus("disconnected")
  }

  /** Gives a line up that is silent, without waiting for its end, and connects again. */
  drop(down: DownReason, code: number, reason: string): void {
    const line = this.#line
    if (line === undefined) return
    this.#line = undefined
    this.#forget(line, down, code, reason)
    const lost = { code, reason }
    if (this.#wanted && this.#line === undefined) this.#plan(lost)
    this.#user.closed({ code, reason, wasClean: false })
  }

  /** Resolves once connected; rejects when nobody tries any more. */
  opened(timeoutMs?: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock } = this.#options
      const settle = (error?: unknown): void => {
        clock.clearTimeout(timer)
        signal?.removeEventListener("abort", aborted)
        this.#waiting.delete(check)
        if (error === undefined) resolve()
        else reject(error)
      }
      const check = (): void => {
        if (this.#status === "connected") settle()
        else if (this.#status === "disconnected") settle(this.#notConnected())
      }
      const aborted = (): void =>
        settle(new RookeryError("aborted", "opened(): the signal was aborted", signal?.reason))
      const late = (): void =>
        settle(new RookeryError("timeout", `not connected within ${timeoutMs} ms`, this.#lost?.error))
      const timer = timeoutMs === undefined ? undefined : clock.setTimeout(late, timeoutMs)
      signal?.addEventListener("abort", aborted)
      if (signal?.aborted) aborted()
      else if (this.#status === "connected") settle()
      else this.#waiting.add(check)
    })
  }

  #notConnected(): RookeryError {
    const error = this.#lost?.error
    return error instanceof ConnectError
      ? error
      : new ConnectError("disconnected; connect() tries again", undefined, error)
  }

  #attempt(): void {
    const attempt = ++this.#attempts
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timer = undefined
    const previous = this.#line
    const line: Line = { state: "connecting", whenClosed: [] }
    this.#line = line
    // What was joined over a line that is still closing joins again over this one.
    if (previous !== undefined) this.#user.down("connection_closed")
    this.#setStatus(this.#tries === 0 ? "connecting" : "reconnecting")
    const current = (): boolean => attempt === this.#attempts && this.#line === line
    const failed = (error: unknown): void => {
      if (!current()) return
      this.#error(line, new ConnectError("could not begin to connect; see the cause", undefined, error))
      this.#ended(line, abnormalClose())
    }
    whenReady(
      () => this.#user.prepare(),
      (target) => {
        if (!current()) return
        try {
          line.link = this.#user.open(target, this.#eventsOf(line))
        } catch (error) {
          failed(error)
        }
      },
      failed,
    )
  }

  #eventsOf(line: Line): LinkEvents {
    return {
      open: () => {
        if (this.#line !== line || line.state !== "connecting") return
        line.state = "open"
        this.#tries = 0
        this.#lost = undefined
        this.#user.opened(line.link as Link)
        // Whoever was told may have disconnected already.
        if (this.link === line.link) this.#setStatus("connected")
      },
      frame: (frame) => {
        if (this.#line === line && line.state === "open") this.#user.frame(frame)
      },
      error: (error) => this.#error(line, error),
      close: (info) => this.#ended(line, info),
    }
  }

  #error(line: Line, error: unknown): void {
    // A line that is being closed errs because of that.
    if (this.#line !== line || line.state === "closing") return
    this.#lost = { error }
    this.#user.error(error)
    if (this.#line === line) this.#user.down("connection_error")
  }

  #ended(line: Line, info: CloseInfo): void {
    if (line.state === "closed") return
    const ours = line.state === "closing"
    line.state = "closed"
    if (this.#line === line) {
      this.#line = undefined
      this.#user.down("connection_closed")
      if (!ours && this.#wanted && this.#line === undefined) {
        this.#plan({ ...this.#lost, code: info.code, reason: info.reason })
      }
      this.#user.closed(info)
    }
    for (const callback of line.whenClosed) callback()
  }

  #plan(lost: LostReason): void {
    this.#lost = lost
    const tries = ++this.#tries
    const { maxReconnectAttempts, reconnectAfterMs, clock } = this.#options
    const delay = tries <= maxReconnectAttempts && reconnectAfterMs(tries, lost)
    if (delay === false) {
      this.#stop()
      this.#setStatus("disconnected")
      return
    }
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(() => {
      // Nobody looks: the attempt is made when somebody does.
      if (!this.#options.pageEvents || !pageHidden()) this.#attempt()
    }, delay)
    this.#setStatus("reconnecting", delay)
  }

  #hangUp(whenClosed?: () => void, code?: number, reason?: string): void {
    const line = this.#line
    this.#stop()
    this.#setStatus("disconnected")
    if (line === undefined) return whenClosed?.()
    if (whenClosed !== undefined) line.whenClosed.push(whenClosed)
    if (line.state === "closing") return
    const wasOpen = line.state === "open"
    line.state = "closing"
    if (line.link === undefined) return this.#ended(line, abnormalClose("disconnected before the attempt began"))
    const { clock } = this.#options
    const giveUp = clock.setTimeout(
      () => this.#ended(line, { code: code ?? 1005, reason: reason ?? "", wasClean: false }),
      CLOSE_WAIT_MS,
    )
    line.whenClosed.unshift(() => clock.clearTimeout(giveUp))
    line.link.close(code, reason)
    if (wasOpen && this.#line === line) this.#user.down("connection_closed")
  }

  #forget(line: Line, down: DownReason = "connection_closed", code?: number, reason?: string): void {
    line.state = "closed"
    line.link?.close(code, reason)
    this.#user.down(down)
    for (const callback of line.whenClosed) callback()
  }

  #stop(): void {
    this.#wanted = this.#awayWithPage = false
    this.#attempts++
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #setStatus(status: Status, retryInMs?: number): void {
    if (status === this.#status && retryInMs === undefined) return
    this.#status = status
    for (const check of this.#waiting) check()
    this.#user.status(status, {
      tries: this.#tries,
      ...(retryInMs !== undefined && { retryInMs }),
      ...(this.#lost !== undefined && { lost: this.#lost }),
    })
  }

  #follow(): () => void {
    const now = (): void => {
      if (this.#wanted && this.#line === undefined) this.#attempt()
    }
    return followPage({
      shown: now,
      online: () => (this.link === undefined ? now() : this.#user.suspect()),
      pagehide: () => {
        if (!this.#wanted) return
        this.#hangUp()
        this.#awayWithPage = true
      },
      pageshow: () => {
        if (this.#awayWithPage) this.connect()
      },
    })
  }
}
