import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { WORKER } from "./bundle.js"
import type { Medians, Scenario } from "./scenario.js"
import { median, summarize, type Summary } from "./statistics.js"
import type { Assignment } from "./worker.js"

/** The result of one metric for one subject and one case. */
export interface Measurement extends Summary {
  readonly case: string
  readonly metric: string
  readonly subject: string
  /** The median of each launch. */
  readonly launches: readonly number[]
}

type Answer = Record<string, number>

class Worker {
  readonly assignment: Assignment
  readonly answers: Answer[] = []
  readonly #process: ChildProcess

  constructor(assignment: Assignment, nodeFlags: readonly string[]) {
    this.assignment = assignment
    this.#process = fork(WORKER, [JSON.stringify(assignment)], { execArgv: ["--expose-gc", ...nodeFlags] })
  }

  async #message(): Promise<unknown> {
    const ended = new AbortController()
    const { subject, of, scenario } = this.assignment
    const exit = once(this.#process, "exit", { signal: ended.signal }).then(([code]) => {
      throw new Error(`${scenario}, ${subject}, ${of}: the worker ended with ${code}`)
    })
    try {
      const [message] = await Promise.race([once(this.#process, "message", { signal: ended.signal }), exit])
      return message
    } finally {
      exit.catch(() => {})
      ended.abort()
    }
  }

  async ready(): Promise<void> {
    await this.#message()
  }

  async round(): Promise<Answer> {
    this.#process.send("round")
    return (await this.#message()) as Answer
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, "exit")
    this.#process.disconnect()
    await exit
  }
}

/** Measures a scenario: fresh processes for each launch, in which rounds of every subject and case take turns. */
export async function measure(suite: string, scenario: Scenario, nodeFlags: readonly string[]): Promise<Measurement[]> {
  const answers = new Map<string, Answer[][]>()
  for (let launch = 0; launch < scenario.launches; launch++) {
    const workers: Worker[] = []
    for (const of of scenario.cases) {
      // In alternating order too: the process that starts first gets other memory than the next.
      for (const subject of launch % 2 === 0 ? scenario.subjects : scenario.subjects.toReversed()) {
        // One after the other, so that no other worker runs while one prepares or measures.
        const worker = new Worker({ suite, scenario: scenario.name, subject, of }, nodeFlags)
        await worker.ready()
        workers.push(worker)
      }
    }
    for (let round = 0; round < scenario.warmUp + scenario.rounds; round++) {
      // In alternating order, so that no subject always runs after the same one.
      for (const worker of round % 2 === 0 ? workers : workers.toReversed()) {
        const answer = await worker.round()
        if (round >= scenario.warmUp) worker.answers.push(answer)
      }
    }
    for (const worker of workers) {
      await worker.stop()
      const key = `${worker.assignment.subject} ${worker.assignment.of}`
      answers.set(key, [...(answers.get(key) ?? []), worker.answers])
    }
  }
  return Object.keys(scenario.metrics).flatMap((metric) =>
    scenario.cases.flatMap((of) =>
      scenario.subjects.flatMap((subject) => {
        const valuesOf = (launch: Answer[]): number[] => launch.flatMap((answer) => answer[metric] ?? [])
        const launches = (answers.get(`${subject} ${of}`) ?? []).map(valuesOf).filter((values) => values.length > 0)
        if (launches.length === 0) return []
        return [{ case: of, metric, subject, ...summarize(launches.flat()), launches: launches.map(median) }]
      }),
    ),
  )
}

/** The medians of some measurements. */
export function mediansOf(measurements: readonly Measurement[]): Medians {
  return (subject, of, metric) => {
    const found = measurements.find((m) => m.subject === subject && m.case === of && m.metric === metric)
    if (found === undefined) throw new Error(`${metric} of ${subject} with ${of} was not measured`)
    return found.median
  }
}
