import { describe, expect, it } from "vitest"
import { EXCEPTIONS, findings, findingsAt, findingsIn } from "../build/plain-words.js"

const rulesIn = (file: string, text: string): string[] => findingsIn(file, text).map(({ rule }) => rule)

describe("the check of plain words", () => {
  it.each(["Who", "Whoever", "Whatever", "What", "Nobody", "Somebody", "Everybody"])(
    "finds a comment, a test title and a paragraph that begin with %s",
    (word) => {
      const sentence = `${word} joins the room is counted.`
      expect(rulesIn("lib/a.ts", `/** ${sentence} */\nexport const a = 1`)).toEqual(["subject"])
      expect(rulesIn("lib/a.ts", `const a = 1\n// A push. ${sentence}\nconst b = a`)).toEqual(["subject"])
      expect(rulesIn("spec/a.spec.ts", `it("${sentence}", () => {})`)).toEqual(["subject"])
      expect(rulesIn("docs/A.md", `# A\n\n- **${sentence}**`)).toEqual(["subject"])
    },
  )

  it("allows questions, and these words inside a sentence", () => {
    expect(rulesIn("docs/A.md", "What is a push?\n\nA server that knows what it serves, and who joins.")).toEqual([])
  })

  it("finds the wrong word for a connection", () => {
    expect(rulesIn("lib/a.ts", "// Closes the line of a slow client.\nconst a = 1")).toEqual(["connection"])
  })

  it("allows lines of text, of code, of a log and of NDJSON", () => {
    for (const kind of ["text", "code", "the log", "NDJSON"]) {
      expect(rulesIn("lib/a.ts", `// Reads the next line of ${kind}.\nconst a = 1`), kind).toEqual([])
    }
  })

  it("leaves directives to a linter alone, and reads the comment around them", () => {
    const directive = "// oxlint-disable-next-line no-control-regex"
    expect(rulesIn("lib/a.ts", `${directive}\nconst a = 1`)).toEqual([])
    expect(rulesIn("lib/a.ts", `// Closes the line.\n${directive}\nconst a = 1`)).toEqual(["connection"])
  })

  it("leaves code blocks, code and tables alone", () => {
    expect(rulesIn("docs/A.md", "```ts\n// What is not prose\n```\n\n| What | it is |")).toEqual([])
    expect(rulesIn("lib/a.ts", 'const a = "What is no comment"')).toEqual([])
  })

  it("finds nothing in the folders that are checked", () => {
    const found = findings().map(({ file, row, text }) => `${file}:${row}: ${text}`)
    expect(found).toEqual([])
  })

  it("still needs each of its exceptions", () => {
    const all = findingsAt([...new Set(EXCEPTIONS.map(({ file }) => file))])
    expect(EXCEPTIONS.filter(({ text }) => !all.some((finding) => finding.text.includes(text)))).toEqual([])
  })
})
