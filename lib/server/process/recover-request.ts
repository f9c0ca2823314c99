import { RECOVER, type RecoverRequest } from "../../protocol/recovery.js"

const MAX_ID = 64

/** Whether a value is a map, as params and responses mostly are. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function isRequest(value: unknown): value is RecoverRequest {
  if (!isRecord(value)) return false
  const { id, epoch, offset, rewind } = value
  if (typeof id !== "string" || id === "" || id.length > MAX_ID) return false
  if (rewind !== undefined && !(Number.isSafeInteger(rewind) && (rewind as number) >= 0)) return false
  return (epoch === undefined && offset === undefined) || (typeof epoch === "string" && Number.isSafeInteger(offset))
}

/** Separates the request to recover from the params of a join, so that the channel's handlers do not see it. */
export function takeRecoverRequest(params: unknown): [request: RecoverRequest | undefined, params: unknown] {
  if (!isRecord(params) || !Object.hasOwn(params, RECOVER)) return [undefined, params]
  const { [RECOVER]: request, ...rest } = params
  return isRequest(request) ? [request, rest] : [undefined, params]
}
