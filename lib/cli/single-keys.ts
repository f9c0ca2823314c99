import { StringDecoder } from "node:string_decoder"
import { Transform, type Readable, type TransformCallback } from "node:stream"

interface RawMode {
  setRawMode?(mode: boolean): unknown
}

/**
 * The typed input, one character after the other. Node's line editor puts pasted text at the end of the line, wherever the
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

  /** Lets go of the terminal. */
  release(): void {
    this.#terminal.unpipe(this)
    this.#terminal.pause()
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const character of this.#decoder.write(chunk)) this.push(Buffer.from(character))
    done()
  }
}
