import { execFile } from "node:child_process"
import type { Stage } from "./stage.js"

/** Somebody's tool, and what is shown with it. */
export interface Consumer {
  readonly name: string
  /** Of the tool. */
  version(): string
  /** Whether it is quick enough for every `npm test`. */
  readonly quick: boolean
  /** What a project of that tool does, by a sentence; each throws where it does not. They come one after the other. */
  shows(stage: Stage): Readonly<Record<string, () => Promise<void>>>
}

/** What a program that ended has printed. */
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

/** The same, of a program for Node. */
export const node = (args: readonly string[], cwd: string, env?: Record<string, string>): Promise<Ended> =>
  run(process.execPath, args, cwd, env)

/** Throws, with what is there, unless that is so. */
export function demand(that: boolean, otherwise: string): asserts that {
  if (!that) throw new Error(otherwise)
}

/** Throws unless the two say the same. */
export function same(found: unknown, wanted: unknown): void {
  const [is, should] = [found, wanted].map((value) => JSON.stringify(value))
  demand(is === should, `${is} instead of ${should}`)
}
