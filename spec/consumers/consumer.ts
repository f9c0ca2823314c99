import { execFile } from "node:child_process"
import type { Stage } from "./stage.js"

/** A tool of other projects, and the checks with it. */
export interface Consumer {
  readonly name: string
  /** The version of the tool. */
  version(): string
  /** Whether the checks are quick enough for every `npm test`. */
  readonly quick: boolean
  /** The checks of a project with the tool, by a sentence. They run one after the other; each throws if it fails. */
  shows(stage: Stage): Readonly<Record<string, () => Promise<void>>>
}

/** The exit code and the output of a program that has ended. */
export interface Ended {
  readonly code: number
  readonly output: string
}

/** Runs a program in a folder to its end. */
export function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Ended> {
  const options = { cwd, timeout: 240_000, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NO_COLOR: "1", ...env } }
  return new Promise((resolve) => {
    execFile(file, [...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : Number(error !== null)
      resolve({ code, output: stdout + stderr || String(error?.message ?? "") })
    })
  })
}

/** Runs a program for Node in a folder to its end. */
export const node = (args: readonly string[], cwd: string, env?: Record<string, string>): Promise<Ended> =>
  run(process.execPath, args, cwd, env)

/** Throws an error with the text `otherwise` unless the condition holds. */
export function demand(that: boolean, otherwise: string): asserts that {
  if (!that) throw new Error(otherwise)
}

/** Throws unless both are the same as JSON. */
export function same(found: unknown, wanted: unknown): void {
  const [is, should] = [found, wanted].map((value) => JSON.stringify(value))
  demand(is === should, `${is} instead of ${should}`)
}
