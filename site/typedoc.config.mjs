const base = process.env["SITE_BASE"] ?? "/"

/**
 * TypeDoc gives headings the level of their size: a reader that goes from one to the next would find an `h4` below the
 * title. This gives each the level that it has in the page, and leaves its size alone.
 */
function withLevels(html) {
  const above = []
  return html.replaceAll(/<h([1-6])(?=[ >])/g, (tag, digit) => {
    while (above.length > 0 && above.at(-1) >= digit) above.pop()
    above.push(digit)
    return above.length === Number(digit) ? tag : `${tag} aria-level="${above.length}"`
  })
}

/** Gives the pages of the reference what TypeDoc leaves out: landmarks, names for two lists of links, levels. */
function forEveryReader({ renderer }) {
  renderer.on("endPage", (page) => {
    page.contents = withLevels(page.contents)
      .replace('<div class="col-content">', '<div class="col-content" role="main">')
      .replace('<div class="page-menu">', '<div class="page-menu" role="complementary" aria-label="This page">')
      .replace('<nav id="tsd-sidebar-links"', '$& aria-label="Site"')
      .replace('<nav class="tsd-navigation">', '<nav class="tsd-navigation" aria-label="Reference">')
  })
}

/** The reference of every export, as a part of the site. Its other pages are VitePress's. */
export default {
  extends: ["../typedoc.json"],
  plugin: [forEveryReader],
  customCss: "typedoc.css",
  out: "dist/api",
  readme: "none",
  projectDocuments: [],
  titleLink: base,
  navigationLinks: { Documents: `${base}documents.html` },
}
