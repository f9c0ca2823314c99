import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { ROOT } from "./build.js"

/** A block of TypeScript in a document. */
export interface Example {
  /** The name of the file in a comment at its top; otherwise a unique name. */
  name: string
  code: string
  /** Whether it can run unchanged. Blocks of ```` ```ts no-run ```` cannot, nor those of `tsx`, which need a page. */
  runs: boolean
}

/** The documents: README.md, CONTRIBUTING.md, and those in docs/ and docs/decisions/. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  ...["docs", "docs/decisions"].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`),
  ),
]

/** The text of a file of the repository. */
export const textOf = (name: string): string => readFileSync(join(ROOT, name), "utf8")

/** The blocks of TypeScript in a text. */
export function examplesOf(markdown: string): Example[] {
  return [...markdown.matchAll(/^```(tsx?)( no-run)?\n([\s\S]*?)^```/gm)].map(([, kind = "", noRun, code = ""], i) => ({
    name: /^\/\/ (\S+\.tsx?)\n/.exec(code)?.[1] ?? `example-${i}.${kind}`,
    code,
    runs: kind === "ts" && noRun === undefined,
  }))
}

/** The compiler's findings about examples as files of one folder; a name may contain further folders. */
export function problemsOf(examples: readonly Pick<Example, "name" | "code">[]): string[] {
  const text = readFileSync(join(ROOT, "tsconfig.json"), "utf8")
  const { config } = ts.parseConfigFileTextToJson("tsconfig.json", text) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const host = ts.createCompilerHost(options)
  const files = new Map(examples.map(({ name, code }) => [join(ROOT, "spec", name), code]))
  const { getSourceFile, fileExists } = host
  host.directoryExists = () => true
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.getSourceFile = (name, target, ...rest) => {
    const code = files.get(name)
    return code === undefined ? getSourceFile(name, target, ...rest) : ts.createSourceFile(name, code, target)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  // `npm run typecheck` checks the sources; here they are only checked as far as the examples need them.
  const problems = [...files.keys()].flatMap((name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)))
  return [...new Set(problems)].map(({ messageText, file, start = 0 }) => {
    const where = file && `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}: `
    return (where ?? "") + ts.flattenDiagnosticMessageText(messageText, "\n")
  })
}

/** The first cells of the rows of the table under a heading, without their quotes. */
export function firstCells(markdown: string, heading: string): string[] {
  const section = markdown.split(/^##? /m).find((part) => part.startsWith(heading)) ?? ""
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell]) => cell ?? "")
}

/** The members of a union of strings. */
export function unionMembers(file: string, name: string): string[] {
  const found: string[] = []
  ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest).forEachChild((node) => {
    if (!ts.isTypeAliasDeclaration(node) || node.name.text !== name || !ts.isUnionTypeNode(node.type)) return
    for (const member of node.type.types) {
      if (ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal)) found.push(member.literal.text)
    }
  })
  return found
}
