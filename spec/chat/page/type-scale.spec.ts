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

/** The sizes and weights of the scale, as a stylesheet declares them: the first, and those of phones. */
const scaleOf = (file: string): string[] =>
  [...SIZES, ...WEIGHTS].flatMap((name) => valuesOf(file, `--${name}`).map((value) => `${name}: ${value}`))

/** The declarations of a stylesheet about its root. */
const rootOf = (file: string): string =>
  [...readFileSync(join(ROOT, file), "utf8").matchAll(/(?:^|[\s,}]):root\s*\{([^}]*)\}/g)]
    .map(([, body]) => body)
    .join("")

const tokens = (names: readonly string[]): string[] => names.map((name) => `var(--${name})`)

const CHAT = "lib/chat/page/static/style.css"
const INSPECTOR = "lib/inspect/page/static/style.css"

describe.each([CHAT, "examples/start/page/demo.css", INSPECTOR])("the letters of %s", (file) => {
  it("have the sizes and the weights of the scale, and no others", () => {
    const strange = [
      ...valuesOf(file, "font-size").filter((value) => ![...tokens(SIZES), "inherit"].includes(value)),
      ...valuesOf(file, "font-weight").filter((value) => !tokens(WEIGHTS).includes(value)),
      ...valuesOf(file, "font").filter((value) => value !== "inherit"),
    ]
    expect(strange).toEqual([])
    expect(valuesOf(file, "font-size").length).toBeGreaterThan(1)
  })

  it("grow with the size that the reader chose in the browser", () => {
    expect(rootOf(file)).not.toMatch(/(?:^|[\s;])font(?:-size)?:/)
    expect(scaleOf(file).filter((value) => value.includes("px"))).toEqual([])
  })
})

describe.each(["templates/shared/page/style.css", "examples/downloads/page.css"])("the letters of %s", (file) => {
  it("grow with the size that the reader chose in the browser", () => {
    const sizes = [...valuesOf(file, "font"), ...valuesOf(file, "font-size")]
    expect(sizes.length).toBeGreaterThan(0)
    expect(sizes.filter((value) => /\dpx/.test(value))).toEqual([])
  })
})

describe("the inspector's page", () => {
  it("has the scale of the chat's page, as far as it needs it", () => {
    const scale = scaleOf(INSPECTOR)
    expect(scale).toContain("normal: 1rem")
    expect(scaleOf(CHAT)).toEqual(expect.arrayContaining(scale))
  })
})
