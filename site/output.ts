import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { gzipSync } from "node:zlib"

/** A part of a page that names another file: a link to follow, or a file that the browser loads. */
interface Reference {
  readonly url: string
  readonly isLoaded: boolean
}

const TAG = /<([a-z][\w-]*)((?:\s+[\w:@.-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*\/?>/g
const ATTRIBUTE = /([\w:@.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g

/** Links of `<link>` that only say something about the page. */
const SAYS = /^(?:alternate|author|canonical|license|next|prev)$/

const decoded = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&amp;", "&")

function attributesOf(text: string): Map<string, string> {
  const pairs = [...text.matchAll(ATTRIBUTE)]
  return new Map(pairs.map(([, name = "", one, two, three]) => [name, decoded(one ?? two ?? three ?? "")]))
}

const tagsOf = (html: string): { name: string; attributes: Map<string, string> }[] =>
  [...html.replaceAll(/<!--[\s\S]*?-->/g, "").matchAll(TAG)].map(([, name = "", attributes = ""]) => ({
    name,
    attributes: attributesOf(attributes),
  }))

/** The links and the loaded files of a page. */
export function referencesOf(html: string): Reference[] {
  return tagsOf(html).flatMap(({ name, attributes }) => {
    const found: Reference[] = []
    const href = attributes.get("href")
    const isLink = name === "a" || name === "area" || (name === "link" && SAYS.test(attributes.get("rel") ?? ""))
    if (href !== undefined) found.push({ url: href, isLoaded: !isLink })
    for (const attribute of ["src", "poster", "data"]) {
      const url = attributes.get(attribute)
      if (url !== undefined) found.push({ url, isLoaded: true })
    }
    for (const url of (attributes.get("srcset") ?? "").split(/,\s+/).filter(Boolean))
      found.push({ url: url.trim().split(/\s/)[0] ?? "", isLoaded: true })
    const styles = attributes.get("style")
    return styles === undefined ? found : [...found, ...styleReferences(styles)]
  })
}

const styleReferences = (css: string): Reference[] =>
  [...css.matchAll(/url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']/g)].map(([, url, imported]) => ({
    url: url ?? imported ?? "",
    isLoaded: true,
  }))

/** The modules that a module imports: at once, or later by `import()`. */
const importsOf = (code: string, isLater: boolean): string[] =>
  [...code.matchAll(isLater ? /\bimport\(\s*["'](\.[^"']+)["']/g : /\b(?:from|import)\s*["'](\.[^"']+)["']/g)].map(
    ([, url = ""]) => url,
  )

const isForeign = (url: string): boolean => /^(?:[a-z]+:)?\/\//i.test(url)
/** Whether a URL is a path: of no other host, and of no other scheme as `mailto:` or `data:`. */
const isPath = (url: string): boolean => !isForeign(url) && !/^[a-z][\w+.-]*:/i.test(url)

/** A site as it is built: the folder that a host serves, and the path at which it serves it. */
export class Output {
  readonly #folder: string
  readonly #base: string
  readonly #texts = new Map<string, string>()
  readonly #ids = new Map<string, ReadonlySet<string>>()

  constructor(folder: string, base = "/") {
    this.#folder = folder
    this.#base = base
  }

  /** The files whose names end so, by their paths in the folder. */
  files(ending: string): string[] {
    return readdirSync(this.#folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(ending))
      .map((name) => name.replaceAll(sep, "/"))
      .sort()
  }

  textOf(file: string): string {
    const text = this.#texts.get(file) ?? readFileSync(join(this.#folder, file), "utf8")
    this.#texts.set(file, text)
    return text
  }

  #referencesIn(file: string): Reference[] {
    if (file.endsWith(".html")) return referencesOf(this.textOf(file))
    if (file.endsWith(".css")) return styleReferences(this.textOf(file))
    const code = this.textOf(file)
    return [...importsOf(code, false), ...importsOf(code, true)].map((url) => ({ url, isLoaded: true }))
  }

  #idsOf(file: string): ReadonlySet<string> {
    const ids =
      this.#ids.get(file) ??
      new Set(
        tagsOf(this.textOf(file)).flatMap(({ attributes }) => attributes.get("id") ?? attributes.get("name") ?? []),
      )
    this.#ids.set(file, ids)
    return ids
  }

  /** The file that a URL in another file names; `undefined` if there is none. */
  #find(from: string, url: string): string | undefined {
    const path = decodeURI(url.replace(/[?#].*$/, ""))
    if (path === "") return from
    if (path.startsWith("/") && !path.startsWith(this.#base)) return undefined
    const at = path.startsWith("/")
      ? join(this.#folder, path.slice(this.#base.length))
      : resolve(this.#folder, dirname(from), path)
    if (relative(this.#folder, at).startsWith("..")) return undefined
    const file = path.endsWith("/") || at === this.#folder ? join(at, "index.html") : at
    return existsSync(file) ? relative(this.#folder, file).replaceAll(sep, "/") : undefined
  }

  /** The links and files of pages, styles and modules that lead to nothing in the folder. */
  brokenReferences(): string[] {
    return [".html", ".css", ".js"]
      .flatMap((ending) => this.files(ending))
      .flatMap((file) =>
        this.#referencesIn(file)
          .filter(({ url }) => isPath(url) && this.#isBroken(file, url))
          .map(({ url }) => `${file}: ${url}`),
      )
  }

  #isBroken(from: string, url: string): boolean {
    const found = this.#find(from, url)
    if (found === undefined) return true
    const anchor = /#(.+)$/.exec(url)?.[1]
    if (anchor === undefined || !found.endsWith(".html") || url.includes("#:~:")) return false
    return !this.#idsOf(found).has(decodeURIComponent(anchor))
  }

  /** The files of other hosts that a page or a style has the browser load. */
  foreignLoads(): string[] {
    return [".html", ".css"]
      .flatMap((ending) => this.files(ending))
      .flatMap((file) =>
        this.#referencesIn(file)
          .filter(({ url, isLoaded }) => isLoaded && isForeign(url))
          .map(({ url }) => `${file}: ${url}`),
      )
  }

  /** The scripts and styles that a page has before anybody does anything on it, by their paths in the folder. */
  firstLoad(page: string): string[] {
    const found = new Set<string>()
    const add = (from: string, url: string): void => {
      const file = isPath(url) ? this.#find(from, url) : undefined
      if (file === undefined || found.has(file) || !/\.(?:js|css)$/.test(file)) return
      found.add(file)
      if (file.endsWith(".js")) for (const imported of importsOf(this.textOf(file), false)) add(file, imported)
    }
    for (const { url, isLoaded } of referencesOf(this.textOf(page))) if (isLoaded) add(page, url)
    return [...found]
  }

  /** The bytes of files as a host sends them with gzip. */
  gzipped(files: readonly string[]): number {
    return files.reduce((sum, file) => sum + gzipSync(readFileSync(join(this.#folder, file))).length, 0)
  }
}
