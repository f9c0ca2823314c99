import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, onTestFinished } from "vitest"
import { PATIENCE } from "./patience.js"

const run = promisify(execFile)

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** A real terminal of 80 columns and 24 rows that runs a program. The end of the test closes it. */
export class Terminal {
  readonly #socket: string

  private constructor(socket: string) {
    this.#socket = socket
  }

  /** Starts a program. When it has ended, the terminal shows its exit code. */
  static async open(words: string[], env: Record<string, string> = {}): Promise<Terminal> {
    const folder = mkdtempSync(join(tmpdir(), "rookery-tmux-"))
    const terminal = new Terminal(join(folder, "socket"))
    onTestFinished(async () => {
      await terminal.#tmux("kill-server").catch(() => {})
      rmSync(folder, { recursive: true, force: true })
    })
    const variables = Object.entries({ CI: "", NO_COLOR: "", ...env }).map(([name, value]) => `${name}=${value}`)
    const command = ["env", ...variables, ...words].map(quote).join(" ")
    await terminal.#tmux(
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      "-x",
      "80",
      "-y",
      "24",
      `${command}; echo "exit $?"; cat`,
    )
    return terminal
  }

  /** Types text exactly as given. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text)
  }

  /** Presses keys by their names: `Enter`, `C-c`, `Left`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys)
  }

  /** Types a line of text, and presses Enter. */
  async enter(line: string): Promise<void> {
    await this.type(line)
    await this.press("Enter")
  }

  /** The rows on the screen, with their colours if `colours` is set. */
  async rows(colours = false): Promise<string[]> {
    const { stdout } = await this.#tmux("capture-pane", "-p", ...(colours ? ["-e"] : []))
    return stdout.trimEnd().split("\n")
  }

  /** Waits until the screen shows a text, and returns its rows. */
  async shows(what: string | RegExp): Promise<string[]> {
    const text = async (): Promise<string> => (await this.rows()).join("\n")
    if (typeof what === "string") await expect.poll(text, PATIENCE).toContain(what)
    else await expect.poll(text, PATIENCE).toMatch(what)
    return this.rows()
  }

  #tmux(...args: string[]): Promise<{ stdout: string }> {
    return run("tmux", ["-S", this.#socket, ...args])
  }
}
