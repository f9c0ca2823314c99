import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
const SIZES = ["huge", "large", "normal", "small"]
const WEIGHTS = ["regular", "strong"]

/** The values that a stylesheet gives to a property, each of them once. */
const valuesOf = (file: string, property: string): string[] => {
  const css = readFileSync(join(ROOT, file), "utf8")
  return [
    ...new Set([...css.matchAll(new RegExp(`[\\s;{]${property}:\\s*([^;]+);`, "g"))].map(([, value = ""]) => value)),
  ]
}

const tokens = (names: readonly string[]): string[] => names.map((name) => `var(--${name})`)

describe.each(["lib/chat/page/static/style.css", "examples/start/page/demo.css"])("the letters of %s", (file) => {
  it("have the sizes and the weights of the scale, and no others", () => {
    const strange = [
      ...valuesOf(file, "font-size").filter((value) => ![...tokens(SIZES), "inherit"].includes(value)),
      ...valuesOf(file, "font-weight").filter((value) => !tokens(WEIGHTS).includes(value)),
      ...valuesOf(file, "font").filter((value) => value !== "inherit"),
    ]
    expect(strange).toEqual([])
    expect(valuesOf(file, "font-size").length).toBeGreaterThan(1)
  })
})
