import type { Schema, SchemaIssue, SchemaResult } from "../../protocol/schema.js"
import { Refused } from "../api/reply.js"

/** One thing that is wrong with what a client sent. */
export interface InvalidIssue {
  /** Where: `text`, `items.0.name`; empty for the whole. */
  readonly path: string
  readonly message: string
}

/** The error reply to params or a payload that fails its schema. */
export interface InvalidResponse {
  readonly reason: "invalid params" | "invalid payload"
  readonly issues: readonly InvalidIssue[]
}

/** As many as help; a list of ten thousand wrong items must not make ten thousand answers. */
const MAX_ISSUES = 20

function pathOf({ path = [] }: SchemaIssue): string {
  return path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")
}

/** What the schema makes of a value, now or later; throws, or rejects with, a `Refused` that names what is wrong. */
export function validate(schema: Schema, value: unknown, what: "params" | "payload"): unknown {
  const settle = (result: SchemaResult<unknown>): unknown => {
    if (result.issues === undefined) return result.value
    const issues = result.issues.slice(0, MAX_ISSUES).map((issue) => ({ path: pathOf(issue), message: issue.message }))
    throw new Refused<InvalidResponse>({ reason: `invalid ${what}`, issues })
  }
  const result = schema["~standard"].validate(value)
  return result instanceof Promise ? result.then(settle) : settle(result)
}
