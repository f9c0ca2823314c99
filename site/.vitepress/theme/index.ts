// The fonts are the system's: a page loads fewer bytes, and looks like the other programs of its reader.
import { useData, type Theme } from "vitepress"
import theme from "vitepress/theme-without-fonts"
import { defineAsyncComponent, defineComponent, h, onMounted, watch } from "vue"
import "./style.css"

/**
 * VitePress marks the main part of every page but the home page and that of a wrong address, where a screen reader could
 * not jump to it. It names the button of the search without the keys that the button shows: its text is the name, where
 * there is room for it.
 */
function mendPage(hasNoMain: boolean): void {
  const content = document.querySelector("#VPContent")
  if (hasNoMain) content?.setAttribute("role", "main")
  else content?.removeAttribute("role")
  const search = document.querySelector(".DocSearch-Button")
  search?.removeAttribute("aria-label")
  search?.setAttribute("title", "Search")
}

/** VitePress says that the open search is a button, which has no parts for a screen reader. */
function mendSearch(): void {
  const search = document.querySelector(".VPLocalSearchBox:not([role=dialog])")
  if (search === null) return
  for (const name of ["aria-owns", "aria-expanded", "aria-haspopup", "aria-labelledby"]) search.removeAttribute(name)
  for (const [name, value] of [
    ["role", "dialog"],
    ["aria-modal", "true"],
    ["aria-label", "Search"],
  ] as const)
    search.setAttribute(name, value)
  // Arrows as pictures, with names that a plain `kbd` may not have.
  for (const key of search.querySelectorAll("kbd[aria-label]")) key.setAttribute("role", "img")
}

const Layout = defineComponent(() => {
  const { frontmatter, page } = useData()
  const mend = (): void => mendPage(frontmatter.value["layout"] === "home" || page.value.isNotFound === true)
  onMounted(() => {
    mend()
    new MutationObserver(mendSearch).observe(document.body, { childList: true })
  })
  watch(page, mend, { flush: "post" })
  return () => h(theme.Layout)
})

/** The layout of the playground, which other pages do not load. */
const Playground = defineAsyncComponent(() => import("../../playground/view.js"))

export default {
  extends: theme,
  Layout,
  enhanceApp: ({ app }) => void app.component("playground", Playground),
} satisfies Theme
