import { clearScreenDown, createInterface, cursorTo, moveCursor, type Interface } from "node:readline"
import { isTerminal, say, type Io } from "./io.js"
import { SingleKeys } from "./single-keys.js"
import { escapeControls, stylesFor, type Styles } from "./terminal-text.js"
import { TypedLines } from "./typed-lines.js"

/** The prompt of a continuation line. */
const GOES_ON = "… "

/** The events of the screen. */
export interface ScreenEvents {
  /**
   * A line, or several that go on in each other, was typed, or came through the pipe. Gives whether what was typed is
   * going to be printed by itself.
   */
  line(text: string): boolean
  /** The input ended: the pipe was closed, or the person left, by Ctrl-C or otherwise. */
  close(interrupted: boolean): void
}

/** The place where a session is shown and typed. */
export interface Screen {
  readonly styles: Styles
  /** Whether a message may be shown on several lines of text: a program at a pipe reads one line for each. */
  readonly hasLines: boolean
  /** Prints content of the session, above the line that is being typed. The text must be safe for a terminal. */
  print(text: string): void
  /** Prints a message about the session itself. */
  notice(text: string): void
  /** The prompt in front of the line that is typed. */
  prompt(text: string): void
  close(): void
}

/** Completes a line that is being typed: returns candidates, and the part of the line that they replace. */
export type Completer = (line: string) => [candidates: string[], part: string]

/** Completes lines that are one of a few words. */
export const oneOf =
  (words: readonly string[]): Completer =>
  (line) => [words.filter((known) => known.startsWith(line)), line]

/** The screen for a terminal or for a pipe. */
export function openScreen(io: Io, completer: Completer, events: ScreenEvents): Screen {
  return isTerminal(io) ? new TerminalScreen(io, completer, events) : new PipeScreen(io, events)
}

/** A pipe: reads and writes lines; messages about the session itself go to standard error. */
class PipeScreen implements Screen {
  readonly hasLines = false
  readonly styles: Styles
  readonly #io: Io
  readonly #lines: Interface

  constructor(io: Io, events: ScreenEvents) {
    this.#io = io
    this.styles = stylesFor(io.stdout, io.env)
    this.#lines = createInterface({ input: io.stdin, terminal: false, crlfDelay: Infinity })
    this.#lines.on("line", (line) => events.line(line))
    this.#lines.on("close", () => events.close(false))
  }

  print(text: string): void {
    this.#io.stdout.write(`${text}\n`)
  }

  notice(text: string): void {
    say(this.#io, text)
  }

  prompt(): void {}

  close(): void {
    this.#lines.close()
  }
}

/** A terminal: output appears above the line that is being typed, which stays unchanged. */
class TerminalScreen implements Screen {
  readonly hasLines = true
  readonly styles: Styles
  readonly #io: Io
  readonly #editor: Interface
  /** How many rows above its end a typed line began. */
  #typedRows = 0
  #isClosed = false
  readonly #lines = new TypedLines()
  /** The prompt of a text that begins. */
  #prompt = ""

  constructor(io: Io, completer: Completer, events: ScreenEvents) {
    this.#io = io
    this.styles = stylesFor(io.stdout, io.env)
    const keys = new SingleKeys(io.stdin)
    const editor = createInterface({
      input: keys,
      output: io.stdout,
      terminal: true,
      removeHistoryDuplicates: true,
      completer,
    })
    this.#editor = editor
    // Before the line editor handles the key and forgets how long the line was.
    keys.prependListener("keypress", (_text: unknown, key: { name?: string } | undefined) => {
      if (this.#isClosed || (key?.name !== "return" && key?.name !== "enter")) return
      editor.write(null as unknown as string, { ctrl: true, name: "e" })
      this.#typedRows = this.#rows()
    })
    let interrupted = false
    editor.on("SIGINT", () => {
      interrupted = true
      editor.close()
    })
    editor.on("line", (line) => {
      const typed = this.#lines.add(line)
      // A command may set the prompt.
      editor.setPrompt(typed === undefined ? GOES_ON : this.#prompt)
      if (typed !== undefined && events.line(typed)) this.#clear(this.#typedRows + 1)
      if (!this.#isClosed) editor.prompt()
    })
    editor.on("close", () => {
      this.#isClosed = true
      keys.release()
      io.stdout.write("\n")
      events.close(interrupted)
    })
  }

  print(text: string): void {
    const { stdout } = this.#io
    if (this.#isClosed) return void stdout.write(`${text}\n`)
    const rows = this.#rows()
    this.#clear(rows)
    // The editor goes up by as many rows as its line had before it draws it again.
    stdout.write(`${text}\n${"\n".repeat(rows)}`)
    this.#editor.prompt(true)
  }

  notice(text: string): void {
    this.print(this.styles.dim(escapeControls(text)))
  }

  prompt(text: string): void {
    this.#prompt = text
    if (this.#isClosed || this.#lines.isOpen) return
    const rows = this.#rows()
    this.#clear(rows)
    this.#io.stdout.write("\n".repeat(rows))
    this.#editor.setPrompt(text)
    this.#editor.prompt(true)
  }

  close(): void {
    this.#editor.close()
  }

  /** How many rows above the cursor the line that is typed begins. */
  #rows(): number {
    return this.#editor.getCursorPos().rows
  }

  /** Clears everything from this many rows above the cursor on. */
  #clear(rows: number): void {
    const { stdout } = this.#io
    moveCursor(stdout, 0, -rows)
    cursorTo(stdout, 0)
    clearScreenDown(stdout)
  }
}
