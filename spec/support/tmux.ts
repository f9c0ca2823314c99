import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, onTestFinished } from "vitest"
import { PATIENCE } from "./patience.js"

const run = promisify(execFile)

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** A real terminal of 80 columns and 24 rows, with a program in it. It is gone at the end of the test. */
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

  /** Types text, as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text)
  }

  /** Presses keys by their names: `Enter`, `C-c`, `Left`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys)
  }

  /** Types a line, and enters it. */
  async enter(line: string): Promise<void> {
    await this.type(line)
    await this.press("Enter")
  }

  /** What is on the screen, row by row; with the colours, if they are asked for. */
  async rows(colours = false): Promise<string[]> {
    const { stdout } = await this.#tmux("capture-pane", "-p", ...(colours ? ["-e"] : []))
    return stdout.trimEnd().split("\n")
  }

  /** Waits until the screen shows something, and gives its rows. */
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
