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

/** The servers of one runtime: one for each row, because the last behaviour stops it. */
export interface Servers {
  readonly ports: readonly number[]
  /** The user agent of the runtime. */
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

/** Checks every behaviour of a server with each transport and serializer. Each row has a separate server. */
export async function serverConformance({ ports, agent }: Servers): Promise<Report> {
  const rows = COMBINATIONS.map(({ way, serializer }, i) => rowOf(ports[i] as number, agent, way, serializer))
  return { agent, rows: await Promise.all(rows) }
}
