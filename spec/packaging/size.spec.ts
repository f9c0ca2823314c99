import { describe, expect, it } from "vitest"
import { bundle } from "./bundle.js"
import { measure, SIZE_ROWS } from "./sizes.js"

describe("the size of a bundle, minified and gzipped", () => {
  const budgeted = SIZE_ROWS.filter(({ budget }) => budget !== undefined)

  it.each(budgeted)("keeps to its budget: $name, $budget bytes", async (row) => {
    const { gzipped } = await measure(row)
    expect(gzipped).toBeGreaterThan(500)
    expect(gzipped).toBeLessThanOrEqual(row.budget ?? 0)
  })

  it("is nothing for an import that is not used", async () => {
    const { bytes, files } = await bundle('import { Socket } from "rookery"; import * as m from "rookery/msgpack"')
    expect(files).toEqual([])
    expect(bytes).toBe(0)
  })

  it("holds nothing but rookery and mitt", async () => {
    const { files } = await bundle('export * from "rookery"')
    const foreign = files.filter((file) => !file.startsWith("dist/") && !file.startsWith("node_modules/mitt/"))
    expect(files).toContain("dist/index.js")
    expect(foreign).toEqual([])
  })

  it("holds msgpackr only where rookery/msgpack is used", async () => {
    const without = await bundle('export { Socket } from "rookery"')
    const withIt = await bundle('export { Socket } from "rookery"; export { msgpack } from "rookery/msgpack"')
    const holdsMsgpackr = (files: string[]): boolean => files.some((file) => file.includes("node_modules/msgpackr/"))
    expect(holdsMsgpackr(without.files)).toBe(false)
    expect(holdsMsgpackr(withIt.files)).toBe(true)
  })

  it("leaves out the parts that are not used", async () => {
    const everything = await bundle('export * from "rookery"')
    const { code } = await bundle('export { json } from "rookery"')
    expect(code).toContain("not an array")
    for (const words of ["application/x-ndjson", "phx:fallback", "presence_diff", "phx_leave", "base64url.bearer"]) {
      expect(everything.code).toContain(words)
      expect(code).not.toContain(words)
    }
  })
})
