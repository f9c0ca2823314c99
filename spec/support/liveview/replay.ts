import { PATIENCE } from "../patience.js"
import type { LiveConnection, Listener } from "./connection.js"
import { readFrame, saysTheSame, shown, type LiveFrame } from "./frame.js"
import type { Action, LiveRecording, Step } from "./recording.js"
import { Refs } from "./refs.js"
import { LiveServer } from "./server.js"

type Frames = Step & { kind: "client" | "server" }

/** A client's frame in the recording, and the one that came in its place. */
interface Expected {
  readonly at: number
  readonly frame: LiveFrame
  readonly optional: boolean
  readonly conn: number
  came?: true
}

/** A connection of the replay. */
interface Seen {
  readonly connection: LiveConnection
  readonly refs: Refs
  readonly joinRefs: Refs
  closed?: number
}

/** Does an action on the page, and resolves when it is done. */
export type Perform = (action: Action) => Promise<void>

/**
 * Plays the server's part of a recording, strictly in the order of its steps. Each step waits for the client's steps
 * before it. A frame of the client that the recording lacks ends the replay.
 */
export class Replay implements Listener, AsyncDisposable {
  readonly #steps: readonly Step[]
  readonly #expected: readonly Expected[]
  readonly #seen: Seen[] = []
  #server!: LiveServer
  #at = 0
  #failure: Error | undefined
  #waiting: (() => void)[] = []

  private constructor({ steps }: LiveRecording) {
    this.#steps = steps
    this.#expected = steps.flatMap((step, at) =>
      step.kind === "client" ? [{ at, frame: readFrame(step.frame), optional: step.optional, conn: step.conn }] : [],
    )
  }

  /** @param webSockets whether websockets get through; otherwise their recorded frames go over long-poll */
  static async start(recording: LiveRecording, script: string, webSockets = true): Promise<Replay> {
    const replay = new Replay(webSockets ? recording : { ...recording, steps: recording.steps.map(overLongPoll) })
    replay.#server = await LiveServer.start(script, replay, webSockets)
    replay.#server.serve(recording.page.path, recording.page.html)
    return replay
  }

  /** The URL of the page. */
  get url(): string {
    return this.#server.url
  }

  /** Plays all steps. Throws at the first difference from the recording. */
  async run(perform: Perform): Promise<void> {
    for (; this.#at < this.#steps.length; this.#at++) {
      const step = this.#steps[this.#at] as Step
      await this.#orFailed(this.#play(step, perform))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }

  opened(connection: LiveConnection): void {
    this.#seen.push({ connection, refs: new Refs(), joinRefs: new Refs() })
    if (!this.#steps.some((step) => "conn" in step && step.conn === this.#seen.length)) {
      this.#fail(`the client opened connection ${this.#seen.length}, which the recording does not have`)
    }
    this.#tell()
  }

  received(connection: LiveConnection, raw: string | Buffer): void {
    const seen = this.#seen.find((seen) => seen.connection === connection) as Seen
    try {
      this.#take(seen, readFrame(raw))
    } catch (error) {
      this.#fail(`the client sent what is no frame, ${String(error)}: ${raw.toString()}`)
    }
    this.#tell()
  }

  closed(connection: LiveConnection, code: number): void {
    const seen = this.#seen.find((seen) => seen.connection === connection)
    if (seen) seen.closed = code
    this.#tell()
  }

  #take(seen: Seen, frame: LiveFrame): void {
    if (frame.topic !== "phoenix" || frame.event !== "heartbeat") return this.#match(seen, frame)
    const reply = [null, frame.ref, "phoenix", "phx_reply", { status: "ok", response: {} }]
    seen.connection.send(JSON.stringify(reply))
  }

  /** Finds the place of a client's frame in the recording: the next frame of its topic. */
  #match(seen: Seen, frame: LiveFrame): void {
    const conn = this.#seen.indexOf(seen) + 1
    const left = this.#expected.filter((one) => !one.came && one.conn === conn && one.frame.topic === frame.topic)
    const next = left.find((one) => !one.optional || saysTheSame(one.frame, frame))
    if (next === undefined || !saysTheSame(next.frame, frame)) {
      const recorded = next ? `the recording has ${shown(next.frame)}` : "the recording has no further one of its topic"
      return this.#fail(`the client sent ${shown(frame)} on connection ${conn}, where ${recorded}`)
    }
    const undone = this.#steps.slice(this.#at + 1, next.at).find(isDeed)
    if (undone) return this.#fail(`the client sent ${shown(frame)} before the page was told to "${undone.what}"`)
    next.came = true
    seen.refs.pair(next.frame.ref, frame.ref)
    seen.joinRefs.pair(next.frame.joinRef, frame.joinRef)
  }

  async #play(step: Step, perform: Perform): Promise<void> {
    switch (step.kind) {
      case "do":
        return perform(step.action)
      case "open":
        return this.#open(step.conn, step.url)
      case "page":
        await this.#server.asked(step.path)
        return this.#server.serve(step.path, step.html)
      case "close":
        return this.#close(step)
      case "client":
        if (!step.optional) await this.#until(() => this.#expected.some(({ at, came }) => at === this.#at && came))
        return
      case "server":
        return this.#send(step)
    }
  }

  async #open(conn: number, url: string): Promise<void> {
    await this.#until(() => this.#seen.length >= conn)
    const [recorded, actual] = [url, this.#connection(conn).connection.url].map((url) => {
      const { pathname, searchParams } = new URL(url, "http://localhost")
      return `${pathname}?vsn=${searchParams.get("vsn")}`
    })
    if (recorded !== actual) this.#fail(`the client connected to ${actual} instead of ${recorded}`)
  }

  async #close({ conn, code, who }: Step & { kind: "close" }): Promise<void> {
    const seen = this.#connection(conn)
    if (who !== "client") return seen.connection.close(code)
    await this.#until(() => seen.closed !== undefined)
    // When the user leaves a page, either the page or the browser closes its connection first.
    const codes = code === 1001 ? [1001, 1005] : [code]
    if (!codes.includes(seen.closed as number)) {
      this.#fail(`the client closed connection ${conn} with ${seen.closed} instead of ${codes.join(" or ")}`)
    }
  }

  #send({ conn, frame, optional }: Frames): void {
    const { joinRef, ref, topic, event, payload } = readFrame(frame)
    // Heartbeats get their answer as they come.
    if (topic === "phoenix") return
    const { connection, joinRefs, refs } = this.#connection(conn)
    const [ourJoinRef, ourRef] = [joinRefs.actual(joinRef), refs.actual(ref)]
    if (ourJoinRef === undefined || ourRef === undefined) {
      if (!optional) this.#fail(`the server answers ${topic} ${event} to refs that the client has not used`)
      return
    }
    connection.send(JSON.stringify([ourJoinRef, ourRef, topic, event, payload]))
  }

  #connection(conn: number): Seen {
    const seen = this.#seen[conn - 1]
    if (seen === undefined) throw new Error(`there is no connection ${conn}`)
    return seen
  }

  #fail(message: string): void {
    this.#failure ??= new Error(`${message} (step ${this.#at}: ${this.#now()})`)
    this.#tell()
  }

  #now(): string {
    const step = this.#steps[this.#at]
    if (step?.kind === "do") return step.what
    if (step?.kind === "client" || step?.kind === "server") return `${step.kind} ${shown(readFrame(step.frame))}`
    return JSON.stringify(step).slice(0, 200)
  }

  #tell(): void {
    for (const tell of this.#waiting.splice(0)) tell()
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Waits for a step, or for a failure that makes it impossible. */
  async #orFailed(step: Promise<void>): Promise<void> {
    let over = false
    const failed = this.#until(() => over || this.#failure !== undefined)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the page did not come to step ${this.#at}: ${this.#now()}`)),
        PATIENCE.timeout,
      )
    })
    try {
      await Promise.race([step, failed, late])
    } finally {
      over = true
      clearTimeout(timer)
      this.#tell()
    }
    if (this.#failure) throw this.#failure
  }
}

const overLongPoll = (step: Step): Step =>
  step.kind === "open" ? { ...step, url: step.url.replace("/live/websocket", "/live/longpoll") } : step

/** Whether a step acts on the page, so that the client may send something. */
const isDeed = (step: Step): step is Step & { kind: "do" } => step.kind === "do" && step.action.type !== "wait"
