import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of the repository. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** The text of a file of the repository. */
export const textOf = (source: string): string => readFileSync(join(ROOT, source), "utf8")

const markdownIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`)

/** The page that runs code. Its text is in `site/playground/view.ts`. */
export const PLAYGROUND = "site/playground.md"

/** The documents that are pages, by their paths in the repository. */
export const SOURCES: readonly string[] = [
  "README.md",
  "CHANGELOG.md",
  PLAYGROUND,
  ...markdownIn("docs"),
  ...markdownIn("docs/decisions"),
  ...readdirSync(join(ROOT, "examples"))
    .map((folder) => `examples/${folder}/README.md`)
    .filter((source) => existsSync(join(ROOT, source))),
]

/** Patterns of the files that end with `.md` and are no pages: they are for readers of the repository. */
export const NOT_PAGES: readonly string[] = [
  ...readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) =>
      entry.isDirectory() ? !["docs", "examples", "site"].includes(entry.name) : !SOURCES.includes(entry.name),
    )
    .map((entry) => (entry.isDirectory() ? `${entry.name}/**` : entry.name)),
  "docs/api/**",
  "examples/*/*/**",
  "site/*/**",
]

/** The file of a document's page: `docs/GUIDE.md` is `guide.md`, which VitePress makes `guide.html` of. */
export function pageOf(source: string): string {
  if (source === "README.md") return "index.md"
  if (source === "docs/README.md") return "documents.md"
  return source
    .toLowerCase()
    .replace(/^(?:docs|site)\//, "")
    .replace(/^examples\/(.+)\/readme\.md$/, "examples/$1.md")
    .replace(/(^|\/)readme\.md$/, "$1index.md")
}

/** The path of a document's page, in the form that VitePress takes in links: `/guide`. */
export const pathOf = (source: string): string => `/${pageOf(source).replace(/(?:^|(?<=\/))index\.md$|\.md$/, "")}`

/** The anchor that GitHub gives a heading. VitePress has another rule, and links between documents follow GitHub's. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-")
