import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { compiled } from "./compiled.js"
import { freePort } from "./free-port.js"
import { Program } from "./program.js"

/** A chat server in a separate process that runs the built package, with a folder for its data. */
export class ChatProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), "rookery-chat-"))
  #program: Program | undefined
  #port: number | undefined
  #url = ""
  /** The printed links with their addresses, the oldest first. */
  #links: { email: string; link: string }[] = []
  #waiting: (() => void)[] = []

  /** The URL of its page. */
  get url(): string {
    return this.#url
  }

  /** Starts it unless it runs, each time on the same port. */
  async start(): Promise<void> {
    if (this.#program) return
    this.#port ??= await freePort()
    const args = [compiled("spec/support/chat-app.ts", "package"), this.#folder, String(this.#port)]
    const program = new Program(process.execPath, args)
    const [, url = ""] = await program.printed(/^The chat listens at (\S+)$/)
    this.#program = program
    this.#url = url
    void this.#collect(program)
  }

  /** The next link for an address, once it is printed. */
  async linkFor(email: string): Promise<string> {
    for (;;) {
      const at = this.#links.findIndex((printed) => printed.email === email)
      const [found] = at === -1 ? [] : this.#links.splice(at, 1)
      if (found) return found.link
      if (!this.#program) throw new Error(`the chat server ended without a link for ${email}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Kills it, whatever it is doing. */
  async kill(): Promise<void> {
    const program = this.#program
    this.#program = undefined
    await program?.kill("SIGKILL")
  }

  /** Kills it, and deletes its data. */
  async destroy(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Collects the printed links as long as the server runs. */
  async #collect(program: Program): Promise<void> {
    try {
      for (;;) {
        const [, email = "", link = ""] = await program.printed(/A link for (\S+): (\S+)/)
        this.#links.push({ email, link })
        this.#tell()
      }
    } catch {
      this.#tell()
    }
  }

  #tell(): void {
    for (const tell of this.#waiting.splice(0)) tell()
  }
}
