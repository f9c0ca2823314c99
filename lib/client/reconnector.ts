import type { Clock } from "../protocol/clock.js"
import { NORMAL } from "../protocol/close-codes.js"
import { ConnectError, RookeryError, TimeoutError } from "../protocol/errors.js"
import type { IncomingFrame } from "../serializer/serializer.js"
import { closeInfo, type CloseInfo, type Link, type LinkEvents, type LinkTraits } from "../transport/transport.js"
import type { DownReason, LostReason, ReconnectPolicy, Status, StatusChange } from "./connection-status.js"
import { followPage, pageHidden } from "./follow-page.js"
import { onAbort } from "./on-abort.js"
import { whenReady } from "./provider.js"

/** Whoever lives on the connection. */
export interface ConnectionUser<Target> {
  /** Asked before every attempt: where to connect to. */
  findTarget(): Target | PromiseLike<Target>
  /** Begins an attempt. */
  open(target: Target, events: LinkEvents): Link
  onConnOpen(traits: LinkTraits): void
  onConnMessage(frame: IncomingFrame): void
  onConnError(error: unknown): void
  /** The line no longer carries anything. Comes before the next attempt is planned. */
  onConnDown(reason: DownReason): void
  /** The line has ended. */
  onConnClose(info: CloseInfo): void
  onConnStatus(status: Status, change: StatusChange): void
  /** The network may have changed under an open line. */
  onConnSuspect(): void
}

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
  /** Whether its user was told that it is down, so that what is joined while it closes is none of its business. */
  told?: true
}

/** How long an explicit disconnect waits for the other end's close frame, as long as phoenix.js does. */
const CLOSE_WAIT_MS = 1500

/** How long an attempt may take, as long as in Firefox. */
const CONNECT_WAIT_MS = 20_000

/** Keeps one line to the server open: attempts, back-off, the page's comings and goings. It knows nothing of frames. */
export class Reconnector<Target> {
  readonly #user: ConnectionUser<Target>
  readonly #options: ReconnectorOptions
  #status: Status = "disconnected"
  #line: Line | undefined
  /** Whether there is to be a line, now or after a while. */
  #wanted = false
  #tries = 0
  #timer: unknown
  #lost: LostReason | undefined
  /** While somebody wants a connection, though the page be away. */
  #unfollow: (() => void) | undefined
  readonly #waiting = new Set<(error?: unknown) => void>()

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
  get state(): Line["state"] {
    return this.#line?.state ?? "closed"
  }

  /** Begins an attempt, unless one is under way or there is a line. */
  connect(): void {
    const former = this.#line
    if (former && former.state !== "closing") return
    if (!this.#wanted) {
      this.#wanted = true
      this.#tries = 0
      this.#lost = undefined
    }
    if (this.#options.pageEvents) this.#unfollow ??= this.#follow()
    const line: Line = { state: "connecting", whenClosed: [] }
    this.#line = line
    // Whoever connects anew does not wait for the end of the former line.
    if (former) this.#ended(former, closeInfo())
    this.#setStatus(this.#tries ? "reconnecting" : "connecting")
    whenReady(
      () => this.#user.findTarget(),
      (target) => {
        if (line.state !== "connecting") return
        // Node would wait for ever, and Chrome for minutes.
        this.#wait(() => {
          this.#error(line, new ConnectError("no answer"))
          this.#drop(line)
        }, CONNECT_WAIT_MS)
        line.link = this.#user.open(target, this.#eventsOf(line))
      },
      (error) => {
        this.#error(line, new ConnectError("not connected", undefined, error))
        this.#drop(line)
      },
    )
  }

  disconnect(whenClosed: () => void = () => {}, code?: number, reason?: string): void {
    this.#stop()
    // Not before: whoever was told may have ended it otherwise.
    const line = this.#line
    if (!line) return whenClosed()
    line.whenClosed.push(whenClosed)
    const end = (): void => this.#ended(line, closeInfo(code, reason))
    if (!line.link) return end()
    this.#wait(end, CLOSE_WAIT_MS)
    if (line.state === "closing") return
    line.state = "closing"
    line.link.close(code, reason)
    this.#down(line, "connection_closed")
  }

  /** Ends the line at once and stays disconnected; of this line nothing more is told. */
  abandon(): void {
    const line = this.#line
    this.#line = undefined
    this.#stop()
    if (line) this.#drop(line)
  }

  /** Lets go of a line on which no heartbeat is answered, and plans another. */
  dropUnanswered(): void {
    if (this.#line) this.#drop(this.#line, "heartbeat_timeout", NORMAL, "heartbeat timeout")
  }

  /** Resolves once connected; rejects when nobody tries any more. */
  opened(timeoutMs?: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock } = this.#options
      let unfollow = (): void => {}
      const settle = (error: unknown = this.#lost?.error): void => {
        this.#waiting.delete(settle)
        clock.clearTimeout(timer)
        unfollow()
        if (this.link) resolve()
        else reject(error instanceof RookeryError ? error : new ConnectError("not connected", undefined, error))
      }
      const late = (): void => settle(new TimeoutError("timeout", `not connected within ${timeoutMs} ms`))
      const timer = timeoutMs && clock.setTimeout(late, timeoutMs)
      this.#waiting.add(settle)
      unfollow = onAbort(signal, () => settle(new RookeryError("aborted", "the signal was aborted", signal?.reason)))
      if (this.link) settle()
    })
  }

  #eventsOf(line: Line): LinkEvents {
    return {
      open: (traits = {}) => {
        if (line.state !== "connecting") return
        line.state = "open"
        this.#wait()
        this.#tries = 0
        this.#lost = undefined
        this.#user.onConnOpen(traits)
        // Whoever was told may have disconnected already.
        if (this.link === line.link) this.#setStatus("connected")
      },
      frame: (frame) => {
        if (line.state === "open") this.#user.onConnMessage(frame)
      },
      error: (error) => this.#error(line, error),
      close: (info) => this.#ended(line, info),
    }
  }

  #error(line: Line, error: unknown): void {
    // A line that is being closed errs because of that.
    if (this.#line !== line || line.state === "closing") return
    this.#lost = { error }
    // What it means for the line is told by its end, which follows unless the transport knows another way.
    this.#user.onConnError(error)
  }

  #ended(
    line: Line,
    info: CloseInfo,
    down: DownReason = this.#lost?.error ? "connection_error" : "connection_closed",
  ): void {
    if (line.state === "closed") return
    const isCurrent = this.#line === line
    if (isCurrent) this.#line = undefined
    line.state = "closed"
    this.#wait()
    this.#down(line, down)
    if (isCurrent) {
      if (this.#wanted && !this.#line) this.#plan(info)
      this.#user.onConnClose(info)
    }
    for (const callback of line.whenClosed) callback()
  }

  #down(line: Line, reason: DownReason): void {
    if (line.told) return
    line.told = true
    this.#user.onConnDown(reason)
  }

  #plan({ code, reason }: CloseInfo): void {
    const lost = (this.#lost = { ...this.#lost, code, reason })
    const { maxReconnectAttempts, reconnectAfterMs } = this.#options
    const tries = ++this.#tries
    const delay = tries <= maxReconnectAttempts && reconnectAfterMs(tries, lost)
    if (delay === false) return this.#stop()
    // Nobody looks: the attempt is made when somebody does.
    this.#wait(() => (this.#unfollow && pageHidden()) || this.connect(), delay)
    this.#setStatus("reconnecting", delay)
  }

  /** Does something after a while, and nothing else. */
  #wait(then?: () => unknown, ms?: number): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    if (then) this.#timer = clock.setTimeout(then, ms as number)
  }

  /** Ends a line without waiting for the other end. */
  #drop(line: Line, down?: DownReason, code?: number, reason?: string): void {
    line.link?.close(code, reason)
    this.#ended(line, closeInfo(code, reason), down)
  }

  #stop(): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#wanted = false
    this.#wait()
    this.#setStatus("disconnected")
  }

  #setStatus(status: Status, retryInMs?: number): void {
    const same = status === this.#status
    this.#status = status
    if (this.link || !this.#wanted) for (const settle of this.#waiting) settle()
    if (same && retryInMs === undefined) return
    this.#user.onConnStatus(status, { tries: this.#tries, retryInMs, lost: this.#lost })
  }

  #follow(): () => void {
    const shown = (): void => {
      if (!pageHidden()) this.connect()
    }
    return followPage({
      visibilitychange: shown,
      // Chrome does not always tell a thawed page that it is visible.
      resume: shown,
      pageshow: shown,
      // An open connection would keep the page out of the back/forward cache.
      pagehide: () => {
        this.disconnect()
        this.#unfollow = this.#follow()
      },
      online: () => (this.link ? this.#user.onConnSuspect() : shown()),
    })
  }
}
