const base = process.env["SITE_BASE"] ?? "/"

/** The reference of every export, as a part of the site. Its other pages are VitePress's. */
export default {
  extends: ["../typedoc.json"],
  out: "dist/api",
  readme: "none",
  projectDocuments: [],
  titleLink: base,
  navigationLinks: { Documents: `${base}documents.html` },
}
