import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, it } from "node:test"
import { pageOf, ROOT, SOURCES } from "./documents.js"
import { Output } from "./output.js"
import { titleOf } from "./sidebar.js"

// The output of `npm run site`, as a host would serve it.
const site = new Output(join(ROOT, "site/dist"), process.env["SITE_BASE"])

const htmlOf = (source: string): string => pageOf(source).replace(/\.md$/, ".html")

/**
 * The hosts that code of VitePress, Vue and TypeDoc names: in texts, as the base of a URL without a host (a.com), and for
 * icons of social networks (iconify), of which the site has none. The playground's runner has Sucrase's reader of source
 * maps (foo.com, as a base), and Rookery's message about a wrong origin (example.com).
 */
const NAMED = new Set(["www.w3.org", "vuejs.org", "developer.mozilla.org", "lunrjs.com", "tartarus.org"])
for (const host of ["a.com", "api.iconify.design", "github.com", "foo.com", "example.com"]) NAMED.add(host)

interface SearchIndex {
  documentIds: Record<string, string>
  fieldIds: Record<string, number>
  index: [term: string, fields: Record<string, Record<string, number>>][]
}

/** The index of the search, which is a module that the page loads when it is asked for. */
async function searchIndex(): Promise<SearchIndex> {
  const file = site.files(".js").find((name) => name.includes("@localSearchIndexroot"))
  assert.ok(file, "the site has no index to search")
  const { default: json } = (await import(join(ROOT, "site/dist", file))) as { default: string }
  return JSON.parse(json) as SearchIndex
}

describe("the site", () => {
  it("has a page for each document, by the title of the document", () => {
    for (const source of SOURCES) {
      const plain = titleOf(source).replaceAll("&", "&amp;")
      assert.ok(site.textOf(htmlOf(source)).includes(`<title>${plain}`), `${htmlOf(source)} has not the title ${plain}`)
    }
  })

  it("leads to each document of docs/ by the sidebar of a page", () => {
    const html = site.textOf("guide.html")
    const documents = SOURCES.filter((source) => /^docs\/[^/]+$/.test(source)).map(htmlOf)
    assert.deepEqual(
      documents.filter((page) => !html.includes(`/${page}"`)),
      [],
    )
  })

  it("leads nowhere that is not there, and names no file that it has not", () => {
    assert.deepEqual(site.brokenReferences(), [])
  })

  it("has a browser load nothing from another host", () => {
    assert.deepEqual(site.foreignLoads(), [])
    // The modules of pages hold texts with links. The others have no reason to name a host.
    const code = site
      .files(".js")
      .filter((name) => !/\.md\.|@localSearchIndex|^api\/assets\/(?:search|navigation)/.test(name))
    const hosts = code.flatMap((file) =>
      [...site.textOf(file).matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host),
    )
    assert.deepEqual(
      [...new Set(hosts)].filter((host) => !NAMED.has(host ?? "")),
      [],
    )
  })

  it("finds words of the documents in its search", async () => {
    const { documentIds, index } = await searchIndex()
    const pagesWith = (word: string): string[] => {
      const fields = index.find(([term]) => term === word)?.[1] ?? {}
      const ids = new Set(Object.values(fields).flatMap((counts) => Object.keys(counts)))
      return [...ids].map((id) =>
        (documentIds[id] ?? "").replace(/#.*$/, "").replace(process.env["SITE_BASE"] ?? "/", ""),
      )
    }
    assert.ok(pagesWith("heartbeat").includes("client.html"))
    assert.ok(pagesWith("messagepack").includes("serializers-and-transports.html"))
    assert.ok(pagesWith("tcpconnections").includes("limits.html"))
    assert.deepEqual(pagesWith("xylophone"), [])
  })

  it("has a home page of at most 200 kB of scripts and styles", () => {
    const files = site.firstLoad("index.html")
    assert.ok(files.some((file) => file.endsWith(".css")) && files.some((file) => file.endsWith(".js")))
    const bytes = site.gzipped(files)
    assert.ok(bytes <= 200_000, `${bytes} bytes: ${files.join(", ")}`)
  })

  it("has no head of a table that names nothing", () => {
    const pages = site.files(".html").filter((file) => !file.startsWith("api/"))
    assert.deepEqual(
      pages.filter((file) => /<th[^>]*><\/th>/.test(site.textOf(file))),
      [],
    )
  })

  it("has the reference of every entry point", () => {
    assert.match(site.textOf("api/index.html"), /modules\/server\.html/)
  })
})

describe("the checks of the site", () => {
  const folder = mkdtempSync(join(tmpdir(), "rookery-site-"))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it("find a page, an anchor, a picture and a module that are not there", () => {
    writeFileSync(
      join(folder, "there.html"),
      '<h2 id="here">Here</h2><a href="there.html#here">, <a href="/there.html">',
    )
    writeFileSync(
      join(folder, "index.html"),
      '<a href="/gone.html">, <a href="there.html#gone">, <a href="../out.html">, <img alt="" src=gone.png>',
    )
    writeFileSync(join(folder, "app.js"), 'import{a}from"./gone.js";import("./later.js")')
    assert.deepEqual(new Output(folder).brokenReferences(), [
      "index.html: /gone.html",
      "index.html: there.html#gone",
      "index.html: ../out.html",
      "index.html: gone.png",
      "app.js: ./gone.js",
      "app.js: ./later.js",
    ])
  })

  it("find a script, a font and a style of another host, and leave links alone", () => {
    writeFileSync(
      join(folder, "index.html"),
      '<a href="https://a.example">, <script defer src="https://b.example/x.js"></script><link rel="stylesheet" href="//c.example/x.css">',
    )
    writeFileSync(join(folder, "style.css"), '@import "https://d.example/x.css";a{src:url(https://e.example/x.woff2)}')
    assert.deepEqual(new Output(folder).foreignLoads(), [
      "index.html: https://b.example/x.js",
      "index.html: //c.example/x.css",
      "style.css: https://d.example/x.css",
      "style.css: https://e.example/x.woff2",
    ])
  })
})
