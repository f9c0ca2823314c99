import { parseArgs } from "node:util"
import { soaks } from "./soaks.js"
import { tableOf } from "./soak.js"

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, count: { type: "string" }, over: { type: "string" } },
})

const unknown = chosen.find((name) => !soaks.some((soak) => soak.name === name))
if (unknown !== undefined) {
  throw new Error(`no soak ${unknown}; there are ${soaks.map(({ name }) => name).join(", ")}`)
}

const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31))
const count = options.count === undefined ? undefined : Number(options.count)
for (const { name, title, run } of soaks) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  const over = options.over === undefined ? "" : ` --over ${options.over}`
  console.log(`${name}: ${title}; the same again: npm run soak -- ${name} --seed ${seed}${over}`)
  const start = performance.now()
  try {
    const rows = await run({ seed, count, over: options.over })
    console.log(tableOf(rows))
    const fell = rows.filter(({ lost, gotIn }) => lost + gotIn > 0)
    for (const { tried } of fell) console.log(`  fell: ${tried}`)
    if (fell.length > 0) process.exitCode = 1
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
  console.log(`  ${Math.round((performance.now() - start) / 1000)} s\n`)
}
