import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process"
import { createRequire } from "node:module"

/** Where a definition is: lines and columns count from one. */
export interface Definition {
  readonly file: string
  readonly start: { readonly line: number; readonly offset: number }
}

interface Answer {
  readonly type: string
  readonly request_seq: number
  readonly success: boolean
  readonly message?: string
  readonly body?: unknown
}

/** An editor's view of TypeScript: asks the language server that comes with the compiler. */
export class Editor {
  readonly #server: ChildProcessWithoutNullStreams
  readonly #asked = new Map<number, (answer: Answer) => void>()
  readonly #ended: Promise<unknown>
  #seq = 0

  constructor() {
    const tsserver = createRequire(import.meta.url).resolve("typescript/lib/tsserver.js")
    const flags = ["--suppressDiagnosticEvents", "--disableAutomaticTypingAcquisition"]
    this.#server = spawn(process.execPath, [tsserver, ...flags])
    this.#ended = new Promise((resolve) => this.#server.once("close", resolve))
    let unread = ""
    this.#server.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (unread + text).split("\n")
      unread = lines.pop() ?? ""
      // Headers and empty lines stand between the answers.
      for (const line of lines) if (line.startsWith("{")) this.#receive(JSON.parse(line) as Answer)
    })
  }

  /** Opens a file, and asks for the definition of the name at the first mention of some words. */
  async definition(file: string, text: string, words: string): Promise<Definition[]> {
    this.#send("open", { file, fileContent: text })
    const before = text.slice(0, text.indexOf(words)).split("\n")
    const place = { line: before.length, offset: (before.at(-1)?.length ?? 0) + 1 }
    const { success, message, body } = await this.#ask("definition", { file, ...place })
    if (!success) throw new Error(message)
    return body as Definition[]
  }

  async close(): Promise<void> {
    this.#server.kill()
    await this.#ended
  }

  #ask(command: string, args: object): Promise<Answer> {
    return new Promise((resolve) => this.#asked.set(this.#send(command, args), resolve))
  }

  #send(command: string, args: object): number {
    const seq = ++this.#seq
    this.#server.stdin.write(`${JSON.stringify({ seq, type: "request", command, arguments: args })}\n`)
    return seq
  }

  #receive(answer: Answer): void {
    if (answer.type !== "response") return
    this.#asked.get(answer.request_seq)?.(answer)
    this.#asked.delete(answer.request_seq)
  }
}
