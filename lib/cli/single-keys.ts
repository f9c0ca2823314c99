import { StringDecoder } from "node:string_decoder"
import { Transform, type Readable, type TransformCallback } from "node:stream"

interface RawMode {
  setRawMode?(mode: boolean): unknown
}

/** The line editor takes every Tab for a key, so pasted ones become spaces. */
const PASTED_TAB = "    "

/**
 * The typed input, one character at a time. Node's line editor puts pasted text at the end of the line, wherever the
 * cursor is, and does not count its rows.
 */
export class SingleKeys extends Transform {
  readonly isTTY: boolean = true
  readonly #terminal: Readable & RawMode
  readonly #decoder = new StringDecoder("utf8")

  constructor(terminal: Readable & RawMode) {
    super({ readableObjectMode: true })
    this.#terminal = terminal
    terminal.pipe(this)
  }

  setRawMode(mode: boolean): this {
    this.#terminal.setRawMode?.(mode)
    return this
  }

  /** Releases the terminal. */
  release(): void {
    this.#terminal.unpipe(this)
    this.#terminal.pause()
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // A Tab with text behind it was pasted. As a key of its own it would complete a word instead.
    const text = this.#decoder.write(chunk).replaceAll(/\t(?=[^])/g, PASTED_TAB)
    for (const character of text) this.push(Buffer.from(character))
    done()
  }
}
