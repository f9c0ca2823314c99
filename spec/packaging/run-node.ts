import { execFile } from "node:child_process"
import { promisify } from "node:util"

/** Runs a program, which has to end by itself, and returns the JSON of its last printed line. */
export async function runNode(args: string[], cwd?: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 240_000 })
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "")
}
