import type { Readable } from "node:stream"

/** The output of a program, with ways to wait for it. */
export class LineLog {
  text = ""
  readonly #stream: Readable

  constructor(stream: Readable) {
    this.#stream = stream
    stream.setEncoding("utf8")
    stream.on("data", (chunk: string) => (this.text += chunk))
  }

  /** The whole lines of text so far. */
  get lines(): string[] {
    return this.text.split("\n").slice(0, -1)
  }

  /** The first line of text that matches, once it is there. Rejects with all text if the stream ends without it. */
  line(pattern: RegExp): Promise<string> {
    return this.nth(pattern, 1)
  }

  /** The nth line of text that matches, once it is there. */
  nth(pattern: RegExp, n: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const stream = this.#stream
      const settle = (act: () => void): void => {
        stream.off("data", look)
        stream.off("end", ended)
        act()
      }
      const look = (): void => {
        const found = this.lines.filter((line) => pattern.test(line))[n - 1]
        if (found !== undefined) settle(() => resolve(found))
      }
      const ended = (): void => settle(() => reject(new Error(`no line like ${pattern}; there was:\n${this.text}`)))
      stream.on("data", look)
      stream.on("end", ended)
      look()
      if (stream.readableEnded) ended()
    })
  }
}
