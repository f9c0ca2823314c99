import { spawn, type ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))
const TSX = join(ROOT, "node_modules/tsx/dist/esm/index.mjs")
const APP = join(ROOT, "spec/support/chat-app.ts")

/** A chat server in a process of its own, with a folder for its data. */
export class ChatProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), "rookery-chat-"))
  #process: ChildProcess | undefined
  #url = ""
  /** What it has printed, and whoever waits for more. */
  #lines: string[] = []
  #told: (() => void)[] = []

  /** Where its page is. */
  get url(): string {
    return this.#url
  }

  /** Starts it unless it runs: at first on any port, and then on the same again. */
  async start(): Promise<void> {
    if (this.#process) return
    const port = this.#url ? new URL(this.#url).port : "0"
    const args = ["--import", TSX, APP, join(this.#folder, "data"), port]
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] })
    this.#process = child
    this.#lines = []
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#lines.push(line)
      for (const tell of this.#told.splice(0)) tell()
    })
    child.once("exit", () => {
      for (const tell of this.#told.splice(0)) tell()
    })
    this.#url = await this.#printed(/ at (http:\/\/\S+?)\/?$/)
  }

  /** The link that was last sent to an address, as it is printed. */
  linkFor(email: string): Promise<string> {
    return this.#printed(new RegExp(`${email.replaceAll(".", "\\.")}.*?(http://\\S+/login\\?token=\\S+)`))
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGKILL")
    await ended
  }

  /** Ends it, and throws its data away. */
  async destroy(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** What a line says, as soon as there is one; the last one that does. */
  async #printed(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.#lines.map((line) => pattern.exec(line)?.[1]).findLast((part) => part !== undefined)
      if (found !== undefined) return found
      const exit = this.#process?.exitCode
      if (exit !== null) throw new Error(`the chat server ended (${exit}) after: ${this.#lines.join("\n")}`)
      await new Promise<void>((resolve) => this.#told.push(resolve))
    }
  }
}
