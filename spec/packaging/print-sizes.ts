import buildIfStale from "./build.js"
import { measure, SIZE_ROWS } from "./sizes.js"

buildIfStale()

const bytes = (count: number): string => count.toLocaleString("en").padStart(8)

console.log(`${"".padEnd(32)}${"min".padStart(8)}${"min+gzip".padStart(10)}${"budget".padStart(10)}`)
for (const row of SIZE_ROWS) {
  const size = await measure(row)
  const budget = row.budget === undefined ? "" : `  ${bytes(row.budget)}`
  console.log(`${row.name.padEnd(32)}${bytes(size.bytes)}  ${bytes(size.gzipped)}${budget}`)
}
