import { missingPrograms, MUST_HAVE_ALL } from "./machine.js"

/** Projects of one run share this process; the notes are printed once per run. */
const printed = globalThis as { [key: symbol]: boolean | undefined }
const PRINTED = Symbol.for("rookery.spec.machine")

/** Prints, once per run, which specs this machine cannot run; throws in CI, where all of them have to run. */
export default function checkMachine(): void {
  if (printed[PRINTED]) return
  printed[PRINTED] = true
  const lines = missingPrograms()
  if (MUST_HAVE_ALL && lines.length > 0) throw new Error(`In CI every spec has to run. ${lines.join(" ")}`)
  for (const line of lines) console.warn(line)
}
