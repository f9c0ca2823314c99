import type { MessageSerializer } from "rookery"
import { frameJson, frameText, type FrameTap } from "./frame-log.js"
import type { Io } from "./io.js"
import { toJsonText } from "./json-text.js"
import { escapeControls, stylesFor, type Styles } from "./terminal-text.js"

/** A time of day, in the reader's time zone. */
export const clockTime = (time: Date): string =>
  [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":") +
  `.${String(time.getMilliseconds()).padStart(3, "0")}`

/** The output of a tail. */
export interface TailView {
  /** A message of a topic. */
  message(topic: string, event: string, payload: unknown): void
  /** Prints a message about the tail itself. */
  say(text: string): void
  close(): void
}

/** The output of `tail`: one line for each message, for people or as JSON. */
export class TailOutput {
  readonly #io: Io
  readonly #json: boolean
  readonly #styles: Styles
  readonly #now: () => Date

  constructor(io: Io, json: boolean, now: () => Date = () => new Date()) {
    this.#io = io
    this.#json = json
    this.#styles = stylesFor(io.stdout, io.env)
    this.#now = now
  }

  /** A message of a topic. */
  message(topic: string, event: string, payload: unknown): void {
    if (this.#json) return this.#line({ topic, event, payload })
    const { cyan, bold } = this.#styles
    this.#line(`${cyan(escapeControls(topic))} ${bold(escapeControls(event))} ${toJsonText(payload)}`)
  }

  /** Prints frames of this serializer. */
  frames(serializer: MessageSerializer): FrameTap {
    return (direction, frame) =>
      this.#line(this.#json ? frameJson(frame, direction, serializer) : frameText(frame, direction, serializer))
  }

  #line(said: string | Record<string, unknown>): void {
    const time = this.#now()
    const line =
      typeof said === "string"
        ? `${this.#styles.dim(clockTime(time))} ${said}`
        : toJsonText({ time: time.toISOString(), ...said })
    this.#io.stdout.write(`${line}\n`)
  }
}
