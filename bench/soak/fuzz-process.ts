import { deepStrictEqual } from "node:assert"
import { Coverage } from "../../spec/hostile/coverage.js"

// One decoder in a process of its own, where nothing has run before it is counted: prints what came of it.
const [which = "", count = "", seed = ""] = process.argv.slice(2)
// Of the library, and of what it reads MessagePack with.
const coverage = new Coverage((url) => /\/lib\/|msgpackr/.test(url))
const { DECODERS, prototypes } = await import("../../spec/hostile/decoders.js")
const { guide } = await import("../../spec/hostile/guided.js")
const { Chance } = await import("../../spec/hostile/random.js")

const decoder = DECODERS[Number(which)]
if (decoder !== undefined) {
  const before = prototypes()
  const guided = guide(decoder, Number(count), new Chance(Number(seed)), coverage)
  deepStrictEqual(prototypes(), before, "a prototype was touched")
  console.log(JSON.stringify(guided))
}
process.exit()
