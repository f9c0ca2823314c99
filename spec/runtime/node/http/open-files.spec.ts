import { describe, expect, it } from "vitest"
import { readOpenFiles } from "../../../../lib/runtime/node/http/open-files.js"

const line = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}  1048576  files\n`

describe("the number of files that a process may open", () => {
  it("is read as the soft limit", () => {
    expect(readOpenFiles(line("1024"))).toBe(1024)
  })

  it("has no bound where the system has none or says none", () => {
    expect([readOpenFiles(line("unlimited")), readOpenFiles("")]).toEqual([Infinity, Infinity])
  })
})
