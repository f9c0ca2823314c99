import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

const ROOT = fileURLToPath(new URL("..", import.meta.url))

/** A place whose words are not plain. */
export interface Finding {
  readonly file: string
  /** The row in the file, from 1. */
  readonly row: number
  readonly rule: "subject" | "connection"
  readonly text: string
}

/** A sentence that stays as it is. */
export interface Exception {
  readonly file: string
  /** A part of the sentence. */
  readonly text: string
  readonly why: string
}

/** The folders and files that are checked. */
export const CHECKED: readonly string[] = [
  ".github/pull_request_template.md",
  "CHANGELOG.md",
  "CODE_OF_CONDUCT.md",
  "CONTRIBUTING.md",
  "README.md",
  "SECURITY.md",
  "bench",
  "build",
  "docs",
  "examples",
  "lib",
  "site",
  "spec",
  "templates",
  "tsup.config.ts",
  "tsup.page.config.ts",
  "vitest.config.ts",
]

/** The sentences that a rule finds and that are right. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    file: "lib/testing/expectation-error.ts",
    text: "Remembers the line of the test",
    why: "a line of code, in the stack of the test",
  },
]

// "Who may connect is decided by the origin" has a clause for its subject: the reader learns last what it is about.
const CLAUSE = /^(?:Who|Whoever|Whatever|What|Nobody|Somebody|Everybody)\b/
const QUESTION = /\?$/

const LINE = /\b[Ll]ines?\b/
// A line of text, of code, of a log, of a terminal, and of a file with one record a line.
const OF_TEXT =
  /\b(?:text|codes?|logs?|logged|logger|terminal|screen|ndjson|json|std(?:out|in|err)|standard|print\w*|prompt|cursor|input|typed?|files?|rows?|columns?|records?|commands?|headers?|body|batch\w*|break\w*|newlines?|feeds?|blank|empty|editor|lint\w*|words?|paragraph|sentence|comments?|smtp|stack|source|characters?|bytes|lists?|tables?|history|long-poll)\b/i

const sentencesOf = (text: string): string[] => text.split(/(?<=[.?!:])\s+(?=[A-Z`])/)

/** The rules that a text breaks, sentence by sentence. */
export function brokenRules(text: string): Pick<Finding, "rule" | "text">[] {
  return sentencesOf(text).flatMap((sentence) => {
    const broken: Pick<Finding, "rule" | "text">[] = []
    if (CLAUSE.test(sentence) && !QUESTION.test(sentence)) broken.push({ rule: "subject", text: sentence })
    if (LINE.test(sentence) && !OF_TEXT.test(sentence)) broken.push({ rule: "connection", text: sentence })
    return broken
  })
}

interface Text {
  readonly row: number
  readonly text: string
}

/** A comment without its signs, without lines of code, and without directives to a linter. */
const plainComment = (comment: string): string =>
  comment
    .replaceAll(/^.*\b(?:es|ox)lint-disable.*$/gm, "")
    .replaceAll(/```[\s\S]*?```/g, "")
    .replaceAll(/^\s*(?:\/\*\*?|\*\/|\*|\/\/)/gm, "")
    .replace(/\*\/$/, "")
    .replaceAll(/@\w+(?: \w+)? ?/g, ". ")
    .replaceAll(/\s+/g, " ")
    .replace(/^[.\s]+/, "")
    .trim()

function rangesOf(source: ts.SourceFile): ts.TextRange[] {
  const found = new Map<number, ts.TextRange>()
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(source.text, node.pos) ?? []) found.set(range.pos, range)
    for (const child of node.getChildren(source)) visit(child)
  }
  visit(source)
  return [...found.values()].sort((one, other) => one.pos - other.pos)
}

/** The comments of a source; those of `//` that follow each other are one. */
function commentsOf(source: ts.SourceFile): Text[] {
  const texts: { start: number; end: number; text: string }[] = []
  for (const { pos, end } of rangesOf(source)) {
    const text = source.text.slice(pos, end)
    const previous = texts.at(-1)
    const between = previous && source.text.slice(previous.end, pos)
    if (previous?.text.startsWith("//") && text.startsWith("//") && /^\n[ \t]*$/.test(between ?? "")) {
      previous.text += `\n${text}`
      previous.end = end
    } else texts.push({ start: pos, end, text })
  }
  return texts.map(({ start, text }) => ({
    row: source.getLineAndCharacterOfPosition(start).line + 1,
    text: plainComment(text),
  }))
}

/** The titles of tests and of their groups. */
function titlesOf(source: ts.SourceFile): Text[] {
  const titles: Text[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(?:it|test|describe)\b/.test(node.expression.getText(source))) {
      const [title] = node.arguments
      if (title !== undefined && ts.isStringLiteralLike(title)) {
        titles.push({ row: source.getLineAndCharacterOfPosition(title.pos).line + 1, text: title.text })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return titles
}

/** The paragraphs, list items and headings of a document; no code, and no cells of tables. */
function proseOf(markdown: string): Text[] {
  let fenced = false
  return markdown.split("\n").flatMap((line, i) => {
    if (line.startsWith("```")) fenced = !fenced
    if (fenced || line.startsWith("```") || line.startsWith("|")) return []
    return [{ row: i + 1, text: line.replace(/^[#>\s\d.*-]+/, "").replaceAll("**", "") }]
  })
}

/** The files whose words are checked: all of a folder, by the ends of their names. */
export function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((name) => /\.(?:tsx?|mjs|md)$/.test(name) && !/(?:node_modules|dist)\//.test(name))
    .sort()
}

/** The findings in one file, by its text. */
export function findingsIn(file: string, text: string): Finding[] {
  const texts = file.endsWith(".md") ? proseOf(text) : textsOf(file, text)
  return texts.flatMap(({ row, text }) => brokenRules(text).map((broken) => ({ file, row, ...broken })))
}

function textsOf(file: string, text: string): Text[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  return file.startsWith("spec/") ? [...commentsOf(source), ...titlesOf(source)] : commentsOf(source)
}

/** The findings in files and folders. */
export function findingsAt(paths: readonly string[]): Finding[] {
  return paths
    .flatMap((path) => (/\.\w+$/.test(path) ? [path] : filesOf(path)))
    .flatMap((file) => findingsIn(file, readFileSync(join(ROOT, file), "utf8")))
}

/** The findings in everything that is checked, without the exceptions. */
export function findings(): Finding[] {
  return findingsAt(CHECKED).filter(
    ({ file, text }) => !EXCEPTIONS.some((exception) => exception.file === file && text.includes(exception.text)),
  )
}

const ADVICE: Readonly<Record<Finding["rule"], string>> = {
  subject: "begin with the thing (push, join, client, handler), not with a clause",
  connection: "a websocket is a connection; a line is one of text",
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = findings()
  for (const { file, row, rule, text } of found) console.error(`${file}:${row}: ${ADVICE[rule]}\n  ${text}`)
  if (found.length > 0) process.exitCode = 1
}
