import { join } from "node:path"
import { defineConfig, type UserConfig } from "vitepress"
import { anchorOf, NOT_PAGES, pageOf, ROOT, SOURCES, textOf } from "../documents.js"
import { likeGitHub, REPOSITORY } from "../markdown.js"
import { playgroundRunner } from "../playground/runner-plugin.js"
import { sidebar } from "../sidebar.js"

type Plugin = Extract<NonNullable<NonNullable<UserConfig["vite"]>["plugins"]>[number], { name: string }>

const SITE = join(ROOT, "site")
const LOGO = `data:image/svg+xml,${encodeURIComponent(textOf("docs/images/rookery.svg"))}`
// In a folder of a host, as GitHub Pages has it: SITE_BASE=/rookery/ npm run site
const BASE = process.env["SITE_BASE"] ?? "/"

/** The first sentence of the README: `**What it is:** for whom.` */
const [, what = "", forWhom = ""] = /^\*\*(.+):\*\* (.+)$/m.exec(textOf("README.md")) ?? []
if (what === "") throw new Error("README.md has no sentence that begins as **What it is:**")

/** Has the pages find Vue: they are compiled where their documents are, and nothing is installed for the site there. */
const vue: Plugin = {
  name: "rookery-vue",
  enforce: "pre",
  resolveId: (id, _importer, { ssr }) => (ssr && /^vue(?:\/|$)/.test(id) ? { id, external: true } : undefined),
}

export default defineConfig({
  title: "Rookery",
  description: `${what}: ${forWhom}`,
  lang: "en",
  base: BASE,
  srcDir: ROOT,
  srcExclude: [...NOT_PAGES],
  rewrites: Object.fromEntries(SOURCES.map((source) => [source, pageOf(source)])),
  outDir: join(SITE, "dist"),
  cacheDir: join(SITE, "node_modules/.cache/vitepress"),
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: LOGO }],
    ["meta", { name: "theme-color", content: "#0b6e5f" }],
  ],
  markdown: {
    anchor: { slugify: anchorOf },
    config: likeGitHub,
    // The colours of the others are too faint on the ground of a block: 4.2 to 1 where 4.5 to 1 is asked for.
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  themeConfig: {
    logo: LOGO,
    nav: [
      { text: "Guide", link: "/guide" },
      { text: "Client", link: "/client" },
      { text: "Server", link: "/server" },
      { text: "Playground", link: "/playground" },
      // TypeDoc's pages are none of VitePress's, which would look for them in its own.
      { text: "Reference", link: "/api/index.html", target: "_self" },
      ...(REPOSITORY === undefined ? [] : [{ text: "Source", link: REPOSITORY }]),
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: "local" },
    footer: { message: "MIT licence" },
    notFound: {
      title: "There is no such page",
      quote: "It may have moved. The search finds every document by its words.",
      linkText: "To the front page",
      linkLabel: "To the front page",
    },
  },
  transformPageData(page) {
    if (page.relativePath !== "index.md") return
    page.title = `Rookery: ${what}`
    page.titleTemplate = false
    page.frontmatter = {
      layout: "home",
      hero: {
        name: "Rookery",
        text: what,
        tagline: forWhom.charAt(0).toUpperCase() + forWhom.slice(1),
        image: { src: LOGO, alt: "" },
        actions: [
          { text: "Begin", link: "/guide" },
          { text: "Playground", link: "/playground", theme: "alt" },
          { text: "Tour", link: "/tour", theme: "alt" },
          { text: "Moving from phoenix.js", link: "/from-phoenix-js", theme: "alt" },
        ],
      },
    }
  },
  buildEnd({ pages }) {
    const missing = SOURCES.filter((source) => !pages.includes(source))
    const others = pages.filter((page) => !SOURCES.includes(page))
    if (missing.length + others.length > 0)
      throw new Error(
        `The patterns in site/documents.ts leave out ${missing.join(", ")} and take in ${others.join(", ")}`,
      )
  },
  vite: {
    plugins: [vue, playgroundRunner],
    // While it serves, Vite would look through every page of HTML in the repository for packages to prepare.
    optimizeDeps: { entries: ["site/.vitepress/theme/index.ts"] },
  },
})
