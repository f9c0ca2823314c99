/** How many slots the masters of a Redis Cluster share. */
export const SLOTS = 16_384

/** The remainders of CRC-16/XMODEM, by the next byte. */
const REMAINDERS = Uint16Array.from({ length: 256 }, (_, byte) => {
  let rest = byte << 8
  for (let bit = 0; bit < 8; bit++) rest = (rest & 0x8000) === 0 ? rest << 1 : (rest << 1) ^ 0x1021
  return rest
})

/** The slot of a key or a channel, computed from the part in its first braces, if that is not empty. */
export function slotOf(key: string): number {
  const open = key.indexOf("{")
  const close = open === -1 ? -1 : key.indexOf("}", open)
  const tag = close > open + 1 ? key.slice(open + 1, close) : key
  let rest = 0
  for (const byte of Buffer.from(tag)) rest = ((rest & 0xff) << 8) ^ (REMAINDERS[(rest >> 8) ^ byte] ?? 0)
  return rest % SLOTS
}

/** The address of each slot's master, from the reply to `CLUSTER SLOTS`. */
export function readSlots(answer: unknown): string[] {
  const owners: string[] = []
  for (const [from, to, [host, port]] of answer as [number, number, [host: Buffer, port: number]][]) {
    for (let slot = from; slot <= to; slot++) owners[slot] = `${String(host)}:${port}`
  }
  return owners
}

/** The answer of a master that does not have the slot of a key. */
export type Redirect =
  /** Another master has the slot. */
  | { readonly kind: "moved"; readonly slot: number; readonly address: string }
  /** The slot is moving to another master. */
  | { readonly kind: "moving" }

/** The redirect that a command's error contains, if any. */
export function redirectOf(error: unknown): Redirect | undefined {
  const { cause } = (error ?? {}) as { cause?: unknown }
  const text = cause instanceof Error ? cause.message : ""
  const [, slot, address] = /^MOVED (\d+) (\S+)$/.exec(text) ?? []
  if (slot !== undefined && address !== undefined) return { kind: "moved", slot: Number(slot), address }
  return /^(?:ASK|TRYAGAIN) /.test(text) ? { kind: "moving" } : undefined
}
