import { suites } from "../suites.js"

/** The data with which a worker is started. */
export interface Assignment {
  readonly suite: string
  readonly scenario: string
  readonly subject: string
  readonly of: string
}

// The process of one subject and one case: says when it is ready, then answers every message with a round.
const { suite, scenario, subject, of } = JSON.parse(process.argv[2] ?? "") as Assignment
const chosen = suites.find(({ name }) => name === suite)?.scenarios.find(({ name }) => name === scenario)
if (chosen === undefined) throw new Error(`no scenario ${scenario} in ${suite}`)

const round = await chosen.prepare(subject, of)
process.on("message", async () => process.send?.(await round()))
process.send?.("ready")
// A socket's timers would keep the process alive.
process.once("disconnect", () => process.exit())
