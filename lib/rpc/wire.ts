/** The event that carries RPC, both ways. */
export const RPC = "rpc"

/**
 * The messages of a session. A client opens a session under an id that it chooses, and gets a reply; then both ends
 * send batches of capnweb messages. A message for a session other than the current one is dropped.
 */
export type RpcPayload =
  | { open: string; probe: Uint8Array }
  | { id: string; messages: unknown[] }
  /** The session has ended, with a reason if it failed. */
  | { close: string; error?: string }

/** The reply to the opening of a session. */
export interface RpcOpened {
  probe: Uint8Array
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

/** The message of the other end, if it is valid. */
export function readPayload(payload: unknown): RpcPayload | undefined {
  if (!isRecord(payload)) return undefined
  const { open, probe, id, messages, close, error } = payload
  if (typeof open === "string" && open.length <= 64) return { open, probe: probe as Uint8Array }
  if (typeof id === "string" && Array.isArray(messages)) return { id, messages }
  if (typeof close === "string") return typeof error === "string" ? { close, error } : { close }
  return undefined
}

/** A probe that shows whether the serializer between the two ends carries bytes. */
export const makeProbe = (): Uint8Array => Uint8Array.of(1)

/** Whether a probe arrived as bytes. */
export const carriesBytes = (probe: unknown): boolean => probe instanceof Uint8Array || probe instanceof ArrayBuffer
