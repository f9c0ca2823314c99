import { soon } from "../expectations.js"
import { COMBINATIONS, type SerializerName, type Way } from "../stage.js"
import type { Outcome, Report, Row } from "../suite.js"
import { SERVER_BEHAVIOURS } from "./behaviours.js"
import { ServerStage } from "./stage.js"

const LIMIT_MS = 60_000

async function show(name: string, stage: ServerStage): Promise<Outcome> {
  try {
    await soon((SERVER_BEHAVIOURS[name] as (stage: ServerStage) => Promise<void>)(stage), LIMIT_MS)
    return {}
  } catch (error) {
    return { why: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  } finally {
    stage.clear()
  }
}

/** Where the servers of one runtime are: one for each row, since the last behaviour stops it. */
export interface Servers {
  readonly ports: readonly number[]
  /** What the runtime calls itself. */
  readonly agent: string
}

async function rowOf(port: number, agent: string, way: Way, serializer: SerializerName): Promise<Row> {
  const stage = await ServerStage.to(port, agent, way, serializer)
  const outcomes: Record<string, Outcome> = {}
  try {
    for (const name of Object.keys(SERVER_BEHAVIOURS)) outcomes[name] = await show(name, stage)
  } finally {
    await stage.line[Symbol.asyncDispose]()
  }
  return { way, serializer, outcomes }
}

/** Shows every behaviour of a server by every way with every serializer; the rows have servers of their own. */
export async function serverConformance({ ports, agent }: Servers): Promise<Report> {
  const rows = COMBINATIONS.map(({ way, serializer }, i) => rowOf(ports[i] as number, agent, way, serializer))
  return { agent, rows: await Promise.all(rows) }
}
