// The fonts are the system's: a page loads fewer bytes, and looks like the other programs of its reader.
import { useData, type Theme } from "vitepress"
import theme from "vitepress/theme-without-fonts"
import { defineAsyncComponent, defineComponent, h, onMounted, watch } from "vue"
import "./style.css"

/** VitePress marks the main part of every page but the home page, where a screen reader could not jump to it. */
const Layout = defineComponent(() => {
  const { frontmatter } = useData()
  const mark = (): void => {
    const content = document.querySelector("#VPContent")
    if (frontmatter.value["layout"] === "home") content?.setAttribute("role", "main")
    else content?.removeAttribute("role")
  }
  onMounted(mark)
  watch(frontmatter, mark, { flush: "post" })
  return () => h(theme.Layout)
})

/** The layout of the playground, which other pages do not load. */
const Playground = defineAsyncComponent(() => import("../../playground/view.js"))

export default {
  extends: theme,
  Layout,
  enhanceApp: ({ app }) => void app.component("playground", Playground),
} satisfies Theme
