import { BEHAVIOURS } from "./behaviours.js"
import { soon } from "./expectations.js"
import { COMBINATIONS, Stage, type SerializerName, type Server, type Way } from "./stage.js"

/** The outcome of a behaviour: `why` is the reason if it does not hold. */
export interface Outcome {
  readonly why?: string
}

/** The results of the suite. */
export interface Report {
  /** The user agent of the runtime. */
  readonly agent: string
  readonly rows: readonly Row[]
}

/** One row of the table: the outcome of each behaviour. */
export interface Row {
  readonly way: Way
  readonly serializer: SerializerName
  readonly outcomes: Readonly<Record<string, Outcome>>
}

const LIMIT_MS = 120_000

async function show(name: string, stage: Stage): Promise<Outcome> {
  try {
    await soon((BEHAVIOURS[name] as (stage: Stage) => Promise<void>)(stage), LIMIT_MS)
    return {}
  } catch (error) {
    return { why: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  } finally {
    await stage.clear()
  }
}

/** The user agent. Node 20 has no navigator. */
function agent(): string {
  const { navigator, process } = globalThis as { navigator?: { userAgent: string }; process?: { version: string } }
  return navigator?.userAgent ?? `Node.js/${process?.version}`
}

/**
 * Checks every behaviour with each transport and serializer. It is the same program in every runtime, and needs only
 * timers and `fetch` from them.
 */
export async function conformance(server: Server): Promise<Report> {
  const rows: Row[] = []
  for (const { way, serializer } of COMBINATIONS) {
    const outcomes: Record<string, Outcome> = {}
    for (const name of Object.keys(BEHAVIOURS)) {
      outcomes[name] = await show(name, new Stage(server, way, serializer, name))
    }
    rows.push({ way, serializer, outcomes })
  }
  return { agent: agent(), rows }
}
