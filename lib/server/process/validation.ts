import type { Schema, SchemaIssue, SchemaResult } from "../../protocol/schema.js"
import { Refused } from "../api/reply.js"
import { isPromise } from "../support/call-user-code.js"

/** One fault in the params or the payload that a client sent. */
export interface InvalidIssue {
  /** The path of the value: `text`, `items.0.name`; empty for the whole. */
  readonly path: string
  readonly message: string
}

/** The error reply to params or a payload that fails its schema. */
export interface InvalidResponse {
  readonly reason: "invalid params" | "invalid payload"
  readonly issues: readonly InvalidIssue[]
}

/** The most issues in one reply: a list of ten thousand invalid items must not make a reply of ten thousand issues. */
const MAX_ISSUES = 20

function pathOf({ path = [] }: SchemaIssue): string {
  return path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")
}

/**
 * Returns the value that the schema makes, or a promise of it. Throws, or rejects with, a `Refused` that lists the
 * issues.
 */
export function validate(schema: Schema, value: unknown, what: "params" | "payload"): unknown {
  const settle = (result: SchemaResult<unknown>): unknown => {
    if (result.issues === undefined) return result.value
    const issues = result.issues.slice(0, MAX_ISSUES).map((issue) => ({ path: pathOf(issue), message: issue.message }))
    throw new Refused<InvalidResponse>({ reason: `invalid ${what}`, issues })
  }
  const result = schema["~standard"].validate(value)
  return isPromise(result) ? Promise.resolve(result).then(settle) : settle(result)
}
