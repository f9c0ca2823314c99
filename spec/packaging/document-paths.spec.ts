import { existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ROOT } from "./build.js"
import { DOCUMENTS, textOf } from "./examples.js"

/** The documents for contributors. They name files by their paths, in drawings and tables too. */
const FOR_CONTRIBUTORS = DOCUMENTS.filter((name) => name === "CONTRIBUTING.md" || name.startsWith("docs/decisions/"))

const PATHS = /(?<![\w/.-])(?:lib|spec|docs|build|bench|fixtures|examples)\/[\w./-]*\w/g

describe.each(FOR_CONTRIBUTORS)("the paths in %s", (document) => {
  const paths = [...new Set(textOf(document).match(PATHS))]

  it("all exist in the repository", () => {
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

describe("CONTRIBUTING.md", () => {
  const text = textOf("CONTRIBUTING.md")
  const section = (heading: string): string => text.split(/^## /m).find((part) => part.startsWith(heading)) ?? ""

  it("shows the path of a message with at least twenty files", () => {
    expect(new Set(section("The path of a message").match(PATHS)).size).toBeGreaterThan(20)
  })

  it("says a file and a spec for each of ten changes", () => {
    const rows = section("Where a change goes")
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .slice(2)
    expect(rows).toHaveLength(10)
    for (const row of rows) {
      const [, , file = "", spec = ""] = row.split("|")
      expect(file, row).toMatch(/`lib\//)
      expect(spec, row).toMatch(/`spec\//)
    }
  })
})
