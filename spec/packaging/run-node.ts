import { execFile } from "node:child_process"
import { promisify } from "node:util"

/** What a program says in its last line, as JSON. It has to end by itself. */
export async function runNode(args: string[], cwd?: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 240_000 })
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "")
}
