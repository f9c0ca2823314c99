import { jsonInput } from "./json-inputs.js"
import type { Chance } from "./random.js"

const word = (chance: Chance): string =>
  chance.of(["1", "node", "Fz8", "room:1", "", "__proto__", "constructor", "é", "a:b", "x".repeat(50)])

const number = (chance: Chance): string =>
  chance.happens(0.8)
    ? String(chance.below(10) + 1)
    : chance.of(["", "-1", "1.5", "1e3", " 7", "0x10", "NaN", "Infinity", "9007199254740993", "1".repeat(400), "00"])

const any = (chance: Chance): unknown => chance.of([null, 1, "x", [], {}, [[]], { a: 1 }, true])

function record(chance: Chance): unknown {
  const ref = word(chance)
  const whole = { ref, key: word(chance), meta: { phx_ref: ref, name: word(chance) } }
  if (chance.happens(0.8)) return whole
  const part = chance.of(["ref", "key", "meta"] as const)
  return chance.happens(0.5) ? { ...whole, [part]: any(chance) } : { ...whole, meta: { phx_ref: any(chance) } }
}

function change(chance: Chance): string {
  if (chance.happens(0.1)) return jsonInput(chance)
  const list = (make: () => unknown): unknown => (chance.happens(0.9) ? chance.some(3, make) : any(chance))
  return JSON.stringify({ joins: list(() => record(chance)), leaves: list(() => word(chance)) })
}

/** A message of one node on the channel of a topic, sometimes with faults. */
export function envelopeInput(chance: Chance): Uint8Array {
  const kind = chance.happens(0.95) ? chance.below(3) : chance.below(256)
  const second = kind === 1 ? `${number(chance)}-${number(chance)}` : number(chance)
  const body = kind === 2 ? change(chance) : jsonInput(chance)
  const text = kind === 0 ? `${word(chance)}\0${body}` : `${word(chance)}\0${second}\0${body}`
  return Buffer.concat([Buffer.of(kind), Buffer.from(text)])
}

/** The fields and values of a hash of presences in turn, sometimes with faults. */
export function fieldsInput(chance: Chance): string {
  const field = (): string[] => {
    const value = record(chance)
    const ref = (value as { ref?: unknown }).ref
    return [`${word(chance)}:${chance.happens(0.9) ? String(ref) : word(chance)}`, JSON.stringify(value)]
  }
  const version = chance.happens(0.9) ? ["v", number(chance)] : ["v", chance.of(["x", "{}", "-"])]
  return [...version, ...chance.some(4, field).flat()].join("\0")
}
