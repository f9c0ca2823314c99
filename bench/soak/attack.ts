import { mkdirSync, writeFileSync } from "node:fs"
import { setTimeout as wait } from "node:timers/promises"
import { Chance } from "../../spec/hostile/random.js"
import { machine } from "../harness/report.js"
import type { Attack } from "./attack/arena.js"
import { ATTACKS } from "./attack/attacks.js"
import { cpuOfMachine, cpuOfThis } from "./attack/machine-use.js"
import { MEMORY_BOUND, MOST_LEFT } from "./attack/limits.js"
import { EndpointDown, Processes } from "./attack/processes.js"
import { quantile, type AttackReport, type HonestReport, type ServerReport } from "./attack/reports.js"
import { inMebibytes } from "./heap.js"
import type { Row, Soak } from "./soak.js"

const ATTACK_MS = 8000
const QUIET_MS = 3000
/** The latency that honest clients may have, unless three times their quiet value is more. */
const SLOW_MS = 50
/** The time in which the endpoint has to recover: the longest of its time limits, and some more. */
const RECOVERY_MS = 15_000

/** The cores that other programs may keep busy in a valid trial, and the number of attempts. */
const MOST_OTHERS = 0.3
const ATTEMPTS = 3

const RESULTS = new URL("../results/attack.json", import.meta.url)

/** An attack that ended the endpoint's process. */
interface Fall {
  readonly attack: Attack
  readonly down: string
}

interface Trial {
  readonly attack: Attack
  readonly quiet: HonestReport
  readonly honest: HonestReport
  readonly report: AttackReport
  readonly before: ServerReport
  readonly during: ServerReport
  readonly after: ServerReport
  /** The cores that other programs kept busy meanwhile. */
  readonly others: number
}

const p99 = ({ latencies }: HonestReport): number => quantile(latencies, 0.99)

/** Waits until only the earlier clients are left. */
async function recovered(processes: Processes, before: ServerReport, mostLeft = MOST_LEFT): Promise<ServerReport> {
  const until = performance.now() + RECOVERY_MS
  for (;;) {
    const now = await processes.server("settle")
    // One more honest client may be connecting.
    const back = now.sockets <= before.sockets + 1 && now.channels <= before.channels + 1
    if ((back && now.used - before.used < mostLeft) || performance.now() > until) return now
    await wait(500)
  }
}

async function tryOut(processes: Processes, attack: Attack, seed: number, from: string): Promise<Trial> {
  await processes.honest()
  await wait(QUIET_MS)
  const quiet = await processes.honest()
  const before = await processes.server("settle")
  await processes.honest()
  const started = performance.now()
  const ofAll = cpuOfMachine() - cpuOfThis()
  const report = await processes.attack({ attack: attack.name, seed, forMs: attack.forMs ?? ATTACK_MS, from })
  const during = await processes.server()
  const honest = await processes.honest()
  const ofOthers = cpuOfMachine() - cpuOfThis() - ofAll - report.cpu - during.cpu - honest.cpu
  const others = Math.max(0, ofOthers / ((performance.now() - started) / 1000))
  const after = await recovered(processes, before, attack.mostLeft)
  return { attack, quiet, honest, report, before, during, after, others }
}

/** Tries an attack, and repeats a failed trial if other programs kept the machine busy meanwhile. */
async function tryAlone(processes: Processes, attack: Attack, seed: number, n: number): Promise<Trial> {
  // A person who tries a single row sees how busy the machine was, so there is one attempt.
  const attempts = process.env["ATTACK"] === undefined ? ATTEMPTS : 1
  for (let attempt = 1; ; attempt++) {
    // Each attempt has a new address, because limits count by address.
    const trial = await tryOut(processes, attack, seed, `127.${attempt}.${n + 1}.2`)
    const faults = faultsOf(trial)
    if (faults.length === 0 || trial.others < MOST_OTHERS || attempt === attempts) return trial
    console.log(`  ${attack.name}: ${faults.join(", ")} while others kept ${trial.others.toFixed(2)} cores busy; again`)
  }
}

/** The limits and the counters of the endpoint that counted the attack, and how often. */
function countsOf({ hits, refused, rejected, malformed, joinsRefused }: ServerReport): Record<string, number> {
  const counters = Object.entries({ refused, rejected, malformed, joinsRefused }).filter(([, count]) => count > 0)
  return { ...hits, ...Object.fromEntries(counters) }
}

/** The faults of a trial. */
function faultsOf(trial: Trial): string[] {
  const { attack, quiet, honest, report, before, during, after } = trial
  const counts = countsOf(during)
  const faults: string[] = []
  const bound = Math.max(3 * p99(quiet), SLOW_MS)
  if (p99(honest) > bound) faults.push(`honest p99 over ${bound.toFixed(0)} ms`)
  if (honest.lost > 0) faults.push(`${honest.lost} honest pushes lost`)
  if (report.gotIn > 0) faults.push(`${report.gotIn} got in`)
  for (const name of attack.counted) if (!counts[name]) faults.push(`${name} counted nothing`)
  faults.push(...(attack.faults?.(during) ?? []))
  if (during.error !== undefined) faults.push(`a handler of the endpoint threw: ${during.error}`)
  if (during.mostRss - before.rss > (attack.mostBytes ?? MEMORY_BOUND)) faults.push("memory over its bound")
  if (after.used - before.used >= (attack.mostLeft ?? MOST_LEFT))
    faults.push(`${inMebibytes(after.used - before.used)} left behind`)
  if (after.sockets > before.sockets + 1) faults.push(`${after.sockets - before.sockets} sockets left behind`)
  if (after.channels > before.channels + 1) faults.push(`${after.channels - before.channels} channels left behind`)
  return faults
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`)
    .join(", ")

function rowOf(trial: Trial | Fall): Row {
  if ("down" in trial) return fallOf(trial)
  const { attack, quiet, honest, report, before, during, after } = trial
  const faults = faultsOf(trial)
  const seen = [
    ...faults.map((fault) => `FELL: ${fault}`),
    `told: ${listed(report.outcomes)}`,
    `counted: ${listed(countsOf(during))}`,
    `p99 ${p99(quiet).toFixed(1)} -> ${p99(honest).toFixed(1)} ms`,
    `loop ${during.loopP99.toFixed(0)}, at most ${during.loopMax.toFixed(0)} ms (theirs ${honest.loopP99.toFixed(0)})`,
    `rss +${inMebibytes(Math.max(0, during.mostRss - before.rss))}`,
    `kept ${inMebibytes(after.used - before.used)}`,
    `others ${trial.others.toFixed(2)} cores`,
  ]
  const { lost } = honest
  return { tried: attack.name, times: report.times, lost, gotIn: faults.length, seen: seen.join("; ") }
}

const fallOf = ({ attack: { name }, down }: Fall): Row => {
  return { tried: name, times: 1, lost: 0, gotIn: 1, seen: `FELL: the endpoint's process went down: ${down}` }
}

const round = (value: number): number => Number(value.toPrecision(4))

function resultOf(trial: Trial | Fall): object {
  if ("down" in trial) return { attack: trial.attack.name, tried: trial.attack.tried, fell: [trial.down] }
  const { attack, quiet, honest, report, before, during, after } = trial
  return {
    attack: attack.name,
    class: attack.class,
    tried: attack.tried,
    times: report.times,
    told: report.outcomes,
    othersCores: round(trial.others),
    counted: countsOf(during),
    honest: {
      pushes: honest.latencies.length,
      lost: honest.lost,
      ownLoopP99Ms: round(honest.loopP99),
      quietP99Ms: round(p99(quiet)),
      p50Ms: round(quantile(honest.latencies, 0.5)),
      p99Ms: round(p99(honest)),
      arrivals: honest.arrivals.length,
      arrivalP99Ms: round(quantile(honest.arrivals, 0.99)),
    },
    server: {
      loopP99Ms: round(during.loopP99),
      loopMaxMs: round(during.loopMax),
      cpuSeconds: round(during.cpu),
      mostSockets: during.mostSockets,
      error: during.error,
    },
    memory: {
      boundBytes: attack.mostBytes ?? MEMORY_BOUND,
      rssGrowthBytes: during.mostRss - before.rss,
      keptBytes: after.used - before.used,
    },
    fell: faultsOf(trial),
  }
}

/** Attacks of every kind on an endpoint, while honest clients use it. */
export const attack: Soak = {
  name: "attack",
  title: "an endpoint under attack while honest clients measure their latency",
  async run({ seed, count = ATTACKS.length }) {
    const only = process.env["ATTACK"]
    const isChosen = (name: string | undefined): boolean => only === undefined || (name ?? "").includes(only)
    const chosen = ATTACKS.filter((each) => isChosen(each.name) || isChosen(each.class)).slice(0, count)
    let processes = await Processes.start()
    const chance = new Chance(seed)
    const trials: (Trial | Fall)[] = []
    try {
      // New code runs slowly at first, for honest clients too.
      await wait(QUIET_MS)
      for (const [n, each] of chosen.entries()) {
        try {
          trials.push(await tryAlone(processes, each, chance.below(2 ** 31), n))
        } catch (error) {
          if (!(error instanceof EndpointDown)) throw error
          trials.push({ attack: each, down: error.message })
        }
        // The memory that one attack leaves must not count for the next.
        if ("down" in (trials.at(-1) as Trial | Fall) || each.mostLeft !== undefined) {
          await processes.stop()
          processes = await Processes.start()
          await wait(QUIET_MS)
        }
        console.log(`  ${each.name}: ${rowOf(trials.at(-1) as Trial | Fall).seen}`)
      }
      if (chosen.length === ATTACKS.length) {
        mkdirSync(new URL(".", RESULTS), { recursive: true })
        const command = `npm run soak -- attack --seed ${seed}`
        const results = { date: new Date().toISOString(), command, machine: machine(), results: trials.map(resultOf) }
        writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`)
      }
      return trials.map(rowOf)
    } finally {
      await processes.stop()
    }
  },
}
