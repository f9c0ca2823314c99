// The fonts are the system's: a page loads fewer bytes, and looks like the other programs of its reader.
import theme from "vitepress/theme-without-fonts"
import "./style.css"

export default theme
