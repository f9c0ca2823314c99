import type { Coverage } from "./coverage.js"
import type { Decoder } from "./decoders.js"
import { FRAMES, KINDS, mutate, type Input } from "./inputs.js"
import type { Chance } from "./random.js"

/** The results of the tries on one decoder. */
export interface Guided {
  readonly decoder: string
  tried: number
  messages: number
  /** The inputs that reached new code, and were changed further. */
  kept: number
  /** The ways through the code so far; `found` counts those that the recorded frames did not take. */
  ways: number
  found: number
  slowest: number
}

const MAX_LENGTH = 4096

/** Words of the protocol, of MessagePack and of the code, to insert into inputs. */
const WORDS: readonly string[] = [
  '"phx_reply"',
  '"phx_join"',
  '"phx_close"',
  '{"status":"ok","response":{}}',
  '"__proto__":',
  "null,",
  "\\ud800",
  "9007199254740993",
  "1e999",
  "[[[[",
  "]]]]",
  "{}{}",
  "\0\0\0\0",
  "\xc7\xff\xff\xff\xff",
  "\xdd\xff\xff\xff\xff",
  "\xd6\xff",
]

function splice(chance: Chance, one: Input, other: Input): Input {
  const [a, b] = [Buffer.from(one as string), Buffer.from(other as string)]
  const all = Buffer.concat([a.subarray(0, chance.below(a.length + 1)), b.subarray(chance.below(b.length + 1))])
  return typeof one === "string" ? all.toString() : Uint8Array.from(all)
}

function next(chance: Chance, corpus: readonly Input[]): Input {
  // The newest inputs reach farthest.
  const from = chance.happens(0.5) ? corpus.slice(-50) : corpus
  const parent = chance.of(from)
  const how = chance.below(10)
  if (how === 0) return chance.of(Object.values(KINDS))(chance)
  if (how <= 2) return splice(chance, parent, chance.of(corpus))
  if (how <= 4) return splice(chance, splice(chance, parent, chance.of(WORDS)), parent)
  return mutate(chance, parent)
}

/** Gives a decoder `count` inputs; an input that takes a new way through the code is changed further. */
export function guide(decoder: Decoder, count: number, chance: Chance, coverage: Coverage): Guided {
  const corpus: Input[] = [...FRAMES]
  const guided: Guided = { decoder: decoder.name, tried: 0, messages: 0, kept: 0, ways: 0, found: 0, slowest: 0 }
  const show = (input: Input): void => {
    const before = performance.now()
    try {
      if (decoder.read(input) === "a message") guided.messages++
    } catch (cause) {
      const shown = typeof input === "string" ? JSON.stringify(input) : `bytes ${Buffer.from(input).toString("hex")}`
      throw new Error(`${decoder.name}: ${String(cause)}, seed ${chance.seed}: ${shown}`, { cause })
    }
    guided.tried++
    guided.slowest = Math.max(guided.slowest, performance.now() - before)
  }
  coverage.skip()
  for (const frame of FRAMES) {
    show(frame)
    coverage.fresh()
  }
  const known = coverage.size
  while (guided.tried < count) {
    const input = next(chance, corpus)
    if (input.length > MAX_LENGTH) continue
    show(input)
    if (coverage.fresh() === 0) continue
    corpus.push(input)
    guided.kept++
  }
  guided.ways = coverage.size
  guided.found = coverage.size - known
  return guided
}
