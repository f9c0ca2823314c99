import { deepStrictEqual } from "node:assert"
import { BOMBS } from "./bombs.js"
import { DECODERS, prototypes, type Decoder } from "./decoders.js"
import { KINDS, type Input } from "./inputs.js"
import { Chance } from "./random.js"

/** The results of the tries on one decoder. */
export interface Tried {
  readonly decoder: string
  tried: number
  messages: number
  refused: number
  /** The longest time of one input, in milliseconds. */
  slowest: number
  readonly slowestInput: { kind: string; length: number }
}

const shown = (input: Input): string =>
  JSON.stringify(typeof input === "string" ? input : `bytes ${Buffer.from(input).toString("hex")}`).slice(0, 2000)

function attempt(decoder: Decoder, tried: Tried, kind: string, input: Input, seed: number): void {
  const before = performance.now()
  try {
    const outcome = decoder.read(input)
    tried.tried++
    if (outcome === "refused") tried.refused++
    else tried.messages++
  } catch (cause) {
    throw new Error(`${decoder.name}: ${String(cause)} of ${kind}, seed ${seed}: ${shown(input)}`, { cause })
  }
  const took = performance.now() - before
  if (took <= tried.slowest) return
  tried.slowest = took
  Object.assign(tried.slowestInput, { kind, length: input.length })
}

/** Gives every decoder `count` inputs, equally many of each kind, and every bomb. Throws at the first harmful one. */
export function tryDecoders(count: number, seed: number): Tried[] {
  const before = prototypes()
  const chance = new Chance(seed)
  const kinds = Object.entries(KINDS)
  const all = DECODERS.map((decoder) => ({
    decoder,
    tried: {
      decoder: decoder.name,
      tried: 0,
      messages: 0,
      refused: 0,
      slowest: 0,
      slowestInput: { kind: "", length: 0 },
    },
  }))
  for (const [name, bomb] of BOMBS) for (const { decoder, tried } of all) attempt(decoder, tried, name, bomb, seed)
  for (let i = 0; i < count; i++) {
    const [kind, make] = kinds[i % kinds.length] as (typeof kinds)[number]
    const input = make(chance)
    // A decoder may keep a view of its input, but must not write into it.
    for (const { decoder, tried } of all) attempt(decoder, tried, kind, input, seed)
  }
  deepStrictEqual(prototypes(), before, `a prototype was touched, seed ${seed}`)
  return all.map(({ tried }) => tried)
}
