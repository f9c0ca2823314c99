import { spawn, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"
import { compiled } from "./compiled.js"
import { LineLog } from "./line-log.js"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

/** A running program. The end of the test kills it. */
export interface Program {
  readonly child: ChildProcess
  readonly stdout: LineLog
  readonly stderr: LineLog
  /** The exit code, or the signal that killed the program; resolves after all output was read. */
  readonly ended: Promise<number | string>
}

/** Options of {@link startProgram}. */
export interface ProgramOptions {
  /** The text of standard input. Without it, the input is closed at once. */
  stdin?: string
  env?: NodeJS.ProcessEnv
  cwd?: string
}

/** Starts a program, by default in the repository. */
export function startProgram(file: string, args: string[], options: ProgramOptions = {}): Program {
  const { stdin = "", env, cwd = ROOT } = options
  const child = spawn(file, args, { cwd, env: { ...process.env, NO_COLOR: "1", ...env } })
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => resolve(code ?? signal ?? ""))
  })
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await ended
  })
  // A program that ends early does not read its input.
  child.stdin.on("error", () => {})
  child.stdin.end(stdin)
  return { child, stdout: new LineLog(child.stdout), stderr: new LineLog(child.stderr), ended }
}

/** Starts the reference application in a separate process, and returns its port. */
export async function startReferenceProcess(port = 0): Promise<Program & { port: number }> {
  const args = [compiled("spec/support/reference-app.ts"), "--port", String(port)]
  const program = startProgram(process.execPath, args)
  const line = await program.stdout.line(/listening/)
  return { ...program, port: Number(/\d+$/.exec(line)?.[0]) }
}
