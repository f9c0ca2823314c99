import { existsSync, statSync } from "node:fs"
import { join, posix, relative } from "node:path"
import type { MarkdownRenderer } from "vitepress"
import { pathOf, ROOT, SOURCES, textOf } from "./documents.js"

type Token = ReturnType<MarkdownRenderer["parse"]>[number]

const { homepage } = JSON.parse(textOf("package.json")) as { homepage: string }

/** The page of the repository; `undefined` until `npm run set-repository` has named it. */
export const REPOSITORY = homepage.startsWith("https://example.com/") ? undefined : homepage.replace(/#.*$/, "")

/** The tags that a document may use. Another one in a text is a type's parameter, as in `Push<T>`. */
const TAGS = new Set(["a", "b", "br", "code", "details", "em", "i", "img", "kbd", "p", "picture", "source"])
for (const name of ["span", "strong", "sub", "summary", "sup"]) TAGS.add(name)

const isMarkup = (html: string): boolean =>
  html.startsWith("<!--") || [...html.matchAll(/<\/?([\w-]+)/g)].every(([, name = ""]) => TAGS.has(name.toLowerCase()))

const sourceOf = (env: { path: string; realPath?: string }): string =>
  relative(ROOT, env.realPath ?? env.path).replaceAll("\\", "/")

/**
 * Where a link of a document leads on the site; `undefined` for the reader's own machine, and for a file of the
 * repository while the repository has no page.
 */
export function linkOf(source: string, href: string): string | undefined {
  if (/^https?:\/\/localhost\b/.test(href)) return undefined
  if (/^(?:[a-z][\w+.-]*:|#)/i.test(href)) return href
  const [path = "", anchor] = href.split("#")
  const target = posix.join(posix.dirname(source), path)
  const hash = anchor === undefined ? "" : `#${anchor}`
  if (SOURCES.includes(target)) return pathOf(target) + hash
  const file = join(ROOT, target)
  if (!existsSync(file)) throw new Error(`${source} has a link to ${href}, which is not there`)
  if (REPOSITORY === undefined) return undefined
  return `${REPOSITORY}/${statSync(file).isDirectory() ? "tree" : "blob"}/main/${target}${hash}`
}

/** Leads the links of a line of text to pages, and leaves the text alone of those that lead nowhere yet. */
function withLinks(source: string, tokens: readonly Token[]): Token[] {
  let dropped = false
  return tokens.filter((token) => {
    if (token.type === "link_open") {
      const href = linkOf(source, String(token.attrGet("href")))
      dropped = href === undefined
      if (href !== undefined) token.attrSet("href", href)
      return !dropped
    }
    const keep = !(dropped && token.type === "link_close")
    if (!keep) dropped = false
    return keep
  })
}

/** Takes the logo, the name and the first sentence from the README: its page has them above its text already. */
function withoutHead(tokens: readonly Token[]): Token[] {
  const heading = tokens.findIndex(({ type }) => type === "heading_close")
  const sentence = tokens.findIndex(({ type }, i) => i > heading && type === "paragraph_close")
  return tokens.slice(sentence + 1)
}

/** Makes plain cells of the empty heads of a table: as heads they would be read out, and name nothing. */
function withoutEmptyHeads(tokens: readonly Token[]): void {
  for (const [i, token] of tokens.entries()) {
    const [, inline, close] = tokens.slice(i, i + 3)
    if (token.type !== "th_open" || inline?.content !== "" || close === undefined) continue
    token.tag = close.tag = "td"
  }
}

/** Teaches VitePress's Markdown what GitHub's does with the same documents. */
export function likeGitHub(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("rookery-documents", (state) => {
    const source = sourceOf(state.env as { path: string })
    if (source === "README.md") state.tokens = withoutHead(state.tokens)
    withoutEmptyHeads(state.tokens)
    for (const token of state.tokens) {
      if (token.children !== null) token.children = withLinks(source, token.children)
      for (const html of [token, ...(token.children ?? [])]) {
        if (!html.type.startsWith("html_")) continue
        if (!isMarkup(html.content)) html.type = "text"
        // Vue takes a relative path for a file only if it begins with a dot.
        else html.content = html.content.replaceAll(/(?<= src=")(?![./]|[a-z]+:)/g, "./")
      }
    }
  })
  // Braces in a text are no expression of Vue's. VitePress says so for code only.
  const { text } = markdown.renderer.rules
  markdown.renderer.rules["text"] = (...args) => (text?.(...args) ?? "").replaceAll("{{", "&#123;&#123;")
}
