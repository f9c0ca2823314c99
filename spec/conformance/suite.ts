import { BEHAVIOURS } from "./behaviours.js"
import { soon } from "./expectations.js"
import { COMBINATIONS, Stage, type SerializerName, type Server, type Way } from "./stage.js"

/** What a behaviour came to: nothing to say, or why it does not hold. */
export interface Outcome {
  readonly why?: string
}

/** What the suite saw. */
export interface Report {
  /** What the runtime calls itself. */
  readonly agent: string
  readonly rows: readonly Row[]
}

/** One line of the table: what came of each behaviour. */
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

/** Node 20 has no navigator. */
function agent(): string {
  const { navigator, process } = globalThis as { navigator?: { userAgent: string }; process?: { version: string } }
  return navigator?.userAgent ?? `Node.js/${process?.version}`
}

/**
 * Shows every behaviour by every way with every serializer. It is the same program in every runtime, and needs nothing
 * of any of them but timers and `fetch`.
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
