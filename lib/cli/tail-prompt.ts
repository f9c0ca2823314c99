import { PushError } from "rookery"
import { EventFilter } from "./event-filter.js"
import { EXIT } from "./exit-codes.js"
import { Inputs } from "./inputs.js"
import { isTerminal, type Io } from "./io.js"
import { nearest } from "./nearest.js"
import { Newest } from "./newest.js"
import { foldedPayload, payloadJson, unfoldedPayload } from "./payload-text.js"
import { openScreen, type Screen } from "./screen.js"
import {
  completeTailLine,
  firstWord,
  readTailLine,
  tailHelp,
  TAIL_COMMANDS,
  type TailCommandName,
} from "./tail-commands.js"
import { clockTime, type TailView } from "./tail-output.js"
import { escapeControls, type Style } from "./terminal-text.js"

const COMMAND_NAMES: readonly string[] = TAIL_COMMANDS.map(({ name }) => name)

const isCommand = (name: string): name is TailCommandName => COMMAND_NAMES.includes(name)

/** The most messages that `/show` can show again. */
const MOST_SHOWN = 100
/** The most messages that `/pause` holds back. */
const MOST_KEPT = 1000
/** The most text that either of the two holds, as JSON: strangers choose the size of messages. */
const MOST_TEXT = 16 * 1024 * 1024
/** The most events that the Tab key knows: strangers choose event names. */
const MOST_EVENTS = 500
/** The longest event that the Tab key completes. */
const LONGEST_EVENT = 100
/** The most rows of an unfolded payload; `/show` shows all. */
const MOST_ROWS = 200
/** The least width that is left for a payload on a row. */
const LEAST_WIDTH = 30

/** Why a line of input was not carried out, as shown to the person. */
class Refusal extends Error {}

/** A word before a payload, and its style. */
type Word = readonly [text: string, style: Style]

const styled = (words: readonly Word[]): string => words.map(([text, style]) => style(escapeControls(text))).join(" ")

interface Shown {
  readonly time: Date
  readonly topic: string
  readonly event: string
  /** The payload, as JSON. */
  readonly json: string
}

const newest = (most: number): Newest<Shown> => new Newest(most, MOST_TEXT, ({ json }) => json.length)

/** The parts of a tail that its prompt uses. */
export interface TailControls {
  readonly topics: readonly string[]
  /** Pushes to a topic, and returns the response. */
  push(topic: string, event: string, payload: unknown): PromiseLike<unknown>
  /** Ends the tail. */
  end(code: number): void
}

/** Whether a terminal can show an event, and a person can type it. */
const canBeTyped = (event: string): boolean =>
  event.length <= LONGEST_EVENT && /^\S+$/.test(event) && escapeControls(event) === event

/** A tail with a prompt: shows messages, and carries out what is typed. */
export class TailPrompt implements TailView {
  readonly #io: Io
  readonly #controls: TailControls
  readonly #screen: Screen
  readonly #isTerminal: boolean
  readonly #now: () => Date
  #filter: EventFilter
  /** The topic that is pushed to. */
  #topic: string
  #isFolded = true
  /** The messages that are held back while the tail is paused. */
  #kept: Newest<Shown> | undefined
  #dropped = 0
  /** The last messages that were shown. */
  readonly #last = newest(MOST_SHOWN)
  readonly #events = new Set<string>()
  /** Carries out one line of input after another. */
  #work: Promise<void> = Promise.resolve()
  /** Pushes without an answer. */
  readonly #answers = new Set<Promise<void>>()
  #hasFailed = false
  /** Whether /quit was typed: a pipe may have lines after it. */
  #hasQuit = false
  #isClosed = false

  constructor(io: Io, controls: TailControls, filter: EventFilter, now: () => Date = () => new Date()) {
    this.#io = io
    this.#controls = controls
    this.#filter = filter
    this.#now = now
    this.#topic = controls.topics[0] ?? ""
    this.#isTerminal = isTerminal(io)
    const complete = (line: string): [string[], string] =>
      completeTailLine(line, this.#events, controls.topics.filter(canBeTyped))
    this.#screen = openScreen(io, complete, {
      line: (text) => {
        this.#work = this.#work.then(() => this.#type(text))
        return false
      },
      close: (interrupted) => {
        if (interrupted) controls.end(130)
        else this.#leave()
      },
    })
    this.#showPrompt()
    if (this.#isTerminal) this.say("/help shows the commands, and the Tab key completes them")
  }

  message(topic: string, event: string, payload: unknown): void {
    if (this.#events.size < MOST_EVENTS && canBeTyped(event)) this.#events.add(event)
    if (!this.#filter.shows(event)) return
    const message = { time: this.#now(), topic, event, json: payloadJson(payload) }
    if (this.#kept === undefined) this.#show(message)
    else this.#dropped += this.#kept.add(message)
  }

  say(text: string): void {
    this.#screen.notice(text)
  }

  close(): void {
    this.#isClosed = true
    this.#screen.close()
  }

  /** Ends the tail. A pipe's end waits for the answers to its pushes; a person who leaves does not. */
  #leave(): void {
    const { end } = this.#controls
    if (this.#isTerminal) return end(EXIT.ok)
    void this.#work.then(() => Promise.all(this.#answers)).then(() => end(this.#hasFailed ? EXIT.refused : EXIT.ok))
  }

  #show(message: Shown): void {
    this.#last.add(message)
    this.#print(message)
  }

  #print({ time, topic, event, json }: Shown): void {
    this.#line(this.#head(time, topic, event), json)
  }

  #head(time: Date, topic: string, event: string): Word[] {
    const { cyan, bold, dim } = this.#screen.styles
    return [
      [clockTime(time), dim],
      [topic, cyan],
      [event, bold],
    ]
  }

  /** Prints words and a payload, on one line of text unless payloads are unfolded. */
  #line(words: readonly Word[], json: string): void {
    const { styles, hasLines } = this.#screen
    const head = styled(words)
    // A program reads a line of text for each message, whole.
    if (!hasLines) return this.#screen.print(`${head} ${json}`)
    if (!this.#isFolded) return this.#screen.print(this.#unfolded(head, json, MOST_ROWS))
    const taken = words.map(([text]) => escapeControls(text)).join(" ").length
    const width = (this.#io.stdout.columns ?? 80) - taken - 2
    this.#screen.print(`${head} ${foldedPayload(json, Math.max(width, LEAST_WIDTH), styles)}`)
  }

  #unfolded(head: string, json: string, mostRows: number): string {
    const [first = "", ...rows] = unfoldedPayload(json, mostRows, this.#screen.styles)
    // No row can look like the head of a message: it is indented.
    return [`${head} ${first}`, ...rows.map((row) => `    ${row}`)].join("\n")
  }

  async #type(text: string): Promise<void> {
    const typed = readTailLine(text)
    if (typed === undefined || this.#hasQuit) return
    try {
      const { command, argument } = typed
      if (!command.startsWith("/")) throw new Refusal("commands begin with a slash; see /help")
      if (!isCommand(command)) {
        const meant = nearest(command, COMMAND_NAMES)
        throw new Refusal(`there is no ${command}; ${meant === undefined ? "see /help" : `did you mean ${meant}?`}`)
      }
      await this.#commands[command](argument)
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#hasFailed = true
    this.say(error instanceof Error ? error.message : String(error))
  }

  readonly #commands: Record<TailCommandName, (argument: string) => Promise<void> | void> = {
    "/filter": (patterns) => {
      this.#filter = new EventFilter(patterns)
      this.#showPrompt()
    },
    "/push": (argument) => this.#push(argument),
    "/topic": (topic) => {
      const { topics } = this.#controls
      if (!topics.includes(topic)) throw new Refusal(`there is no such topic here; there are ${topics.join(", ")}`)
      this.#topic = topic
      this.#showPrompt()
    },
    "/fold": () => {
      this.#isFolded = true
    },
    "/unfold": () => {
      this.#isFolded = false
    },
    "/show": (argument) => this.#showAgain(argument),
    "/pause": () => {
      this.#kept ??= newest(MOST_KEPT)
      this.#showPrompt()
    },
    "/resume": () => this.#resume(),
    "/help": () => {
      for (const line of tailHelp()) this.#screen.print(line)
    },
    "/quit": () => {
      this.#hasQuit = true
      this.#leave()
    },
  }

  async #push(argument: string): Promise<void> {
    const [event, json = ""] = firstWord(argument)
    if (event === "") throw new Refusal("/push <event> [json]")
    if (json === "@-") throw new Refusal("standard input is the prompt; give the payload as JSON or @file")
    const topic = this.#topic
    const payload = await (await new Inputs(this.#io).openJson(json === "" ? "{}" : json, "the payload"))()
    const answer = this.#answer(topic, event, payload)
    this.#answers.add(answer)
    void answer.then(() => this.#answers.delete(answer))
  }

  /** Pushes, and shows the reply. Never rejects. */
  async #answer(topic: string, event: string, payload: unknown): Promise<void> {
    try {
      this.#answered(topic, event, "ok", await this.#controls.push(topic, event, payload))
    } catch (error) {
      // Ending the tail fails the unanswered pushes, which needs no message.
      if (this.#isClosed) return
      if (!(error instanceof PushError)) return this.#failed(error)
      this.#hasFailed = true
      this.#answered(topic, event, error.status, error.response)
    }
  }

  #answered(topic: string, event: string, status: string, response: unknown): void {
    const { green, red, dim } = this.#screen.styles
    const told: Word[] = [
      ["answered", dim],
      [status, status === "ok" ? green : red],
    ]
    this.#line([...this.#head(this.#now(), topic, event), ...told], payloadJson(response))
  }

  #showAgain(argument: string): void {
    const back = argument === "" ? 1 : Number(argument)
    if (!Number.isInteger(back) || back < 1) throw new Refusal("/show [n]")
    const message = this.#last.fromEnd(back)
    if (message === undefined) throw new Refusal(`there are ${this.#last.length} messages to show`)
    if (!this.#screen.hasLines) return this.#print(message)
    const { time, topic, event, json } = message
    this.#screen.print(this.#unfolded(styled(this.#head(time, topic, event)), json, Infinity))
  }

  #resume(): void {
    const [kept, dropped] = [[...(this.#kept ?? [])], this.#dropped]
    this.#kept = undefined
    this.#dropped = 0
    if (dropped > 0)
      this.say(`only the last ${kept.length} messages were kept back; ${dropped} before them were dropped`)
    for (const message of kept) this.#show(message)
    this.#showPrompt()
  }

  #showPrompt(): void {
    const state = [this.#filter.text, this.#kept === undefined ? "" : "paused"].filter((part) => part !== "")
    const told = state.length === 0 ? "" : ` (${state.join(", ")})`
    this.#screen.prompt(`${escapeControls(this.#topic + told)}> `)
  }
}
