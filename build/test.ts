import { spawn } from "node:child_process"
import buildIfStale from "../spec/packaging/build.js"

// The whole `npm test`. A build keeps one core busy, so the checks that read only the sources run beside it; the check of
// the package runs beside the specs. Arguments go to vitest: `npm test -- spec/client`.

/** A command that has ended, and its output. */
interface Step {
  readonly name: string
  readonly isOk: boolean
  readonly output: string
  readonly seconds: string
}

/** Runs a script of package.json to its end. Its output is kept: outputs of several scripts would mix. */
function run(name: string): Promise<Step> {
  const began = performance.now()
  const child = spawn(`npm run ${name}`, { shell: true, stdio: ["ignore", "pipe", "pipe"] })
  let output = ""
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text))
  return new Promise((resolve) => {
    child.once("close", (code) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(0)
      resolve({ name, isOk: code === 0, output, seconds })
    })
  })
}

/** Prints a step that has ended, with its whole output where it failed. */
function report({ name, isOk, output, seconds }: Step): boolean {
  console.log(isOk ? `npm run ${name}: passed in ${seconds} s` : `${output.trim()}\nnpm run ${name}: FAILED`)
  return isOk
}

/** Runs the specs with the output that vitest has at a terminal, and gives its exit code. */
function specs(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...args], { stdio: "inherit" })
  return new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)))
}

const checks = await Promise.all(["build", "lint", "typecheck"].map(async (name) => report(await run(name))))
if (checks.includes(false)) process.exit(1)

// Packs what was built, for the check of the package and for the specs.
buildIfStale()
const checked = run("package")
const code = await specs(process.argv.slice(2))
process.exitCode = report(await checked) ? code : 1
