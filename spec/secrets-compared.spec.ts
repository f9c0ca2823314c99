import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { describe, expect, it } from "vitest"

const LIB = fileURLToPath(new URL("../lib", import.meta.url))

/** The folders that hold or receive secrets of users. */
const FOLDERS = ["server", "runtime", "redis", "chat/server", "rpc", "protocol"]

/** The names that code uses for secrets. */
const SECRET = /token|secret|passw|hash|digest|cookie|credential|signature|\bsession\b/i
const COMPARING = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.GreaterThanToken,
])
/** Methods that stop at the first character that differs. */
const EARLY = new Set([
  "startsWith",
  "endsWith",
  "includes",
  "indexOf",
  "lastIndexOf",
  "localeCompare",
  "equals",
  "compare",
])

const isPlain = (node: ts.Node): boolean =>
  ts.isLiteralExpression(node) ||
  ts.isTypeOfExpression(node) ||
  node.kind === ts.SyntaxKind.NullKeyword ||
  // Names in capitals are constants of the source, which are no secrets.
  (ts.isIdentifier(node) && /^(undefined|[A-Z][A-Z_]+)$/.test(node.text)) ||
  (ts.isPropertyAccessExpression(node) && /^(length|size|byteLength)$/.test(node.name.text))

/** Places where a value with the name of a secret is compared with a value that is not a constant. */
function comparisons(name: string, text: string): string[] {
  const found: string[] = []
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
  const note = (node: ts.Node): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart())
    found.push(`${name}:${line + 1}: ${node.getText().replaceAll(/\s+/g, " ")}`)
  }
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && COMPARING.has(node.operatorToken.kind)) {
      const { left, right } = node
      const bySecret = [left, right].some((side) => !isPlain(side) && SECRET.test(side.getText()))
      if (bySecret && !isPlain(left) && !isPlain(right)) note(node)
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression, name: method } = node.expression
      const told = [expression, ...node.arguments]
      const isLiteral = node.arguments.length > 0 && node.arguments.every(isPlain)
      if (EARLY.has(method.text) && !isLiteral && told.some((part) => SECRET.test(part.getText()))) note(node)
    }
    if (ts.isSwitchStatement(node) && SECRET.test(node.expression.getText())) note(node.expression)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(LIB, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name)),
)

describe("a secret", () => {
  it("is compared with none by a comparison that stops at the first difference", () => {
    expect(files.length).toBeGreaterThan(80)
    const found = files.flatMap((file) => comparisons(relative(LIB, file), readFileSync(file, "utf8")))
    expect(found).toEqual([])
  })

  it.each([
    "if (token === given) enter()",
    "if (sessionToken !== request.token) throw no",
    "const ok = hashOf(given) == stored.hash",
    "if (given === session.secret) enter()",
    "const ok = cookie.startsWith(expected)",
    "const ok = list.includes(authToken)",
    "const ok = Buffer.from(password).equals(other)",
    "switch (token) { case other: enter() }",
  ])("would be found in %s", (text) => {
    expect(comparisons("a.ts", text)).toHaveLength(1)
  })

  it.each([
    "if (token === undefined) return",
    'if (typeof token === "string") enter()',
    "const session = sessions.get(token)",
    "if (token.length !== 43) return",
    'if (header.startsWith("Bearer ")) read()',
    "if (name.startsWith(TOKEN_PREFIX)) read()",
    "timingSafeEqual(hash(token), hash(given))",
  ])("is not found in %s", (text) => {
    expect(comparisons("a.ts", text)).toEqual([])
  })
})
