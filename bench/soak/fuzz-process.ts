import { deepStrictEqual } from "node:assert"
import { Coverage } from "../../spec/hostile/coverage.js"

// Tries one decoder in a separate process, where no code has run before the counting begins, and prints the results.
const [which = "", count = "", seed = ""] = process.argv.slice(2)
// The coverage counts the library, and the package with which it reads MessagePack.
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
