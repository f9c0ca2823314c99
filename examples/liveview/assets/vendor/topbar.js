// A Phoenix app has topbar in this place. This is a bar with the same calls, so that the example is complete.
const bar = document.createElement("div")
Object.assign(bar.style, { position: "fixed", inset: "0 0 auto", height: "3px", display: "none" })
let timer

export default {
  config({ barColors }) {
    bar.style.background = barColors[0]
  },
  show(delay = 0) {
    timer ??= setTimeout(() => {
      document.body.append(bar)
      bar.style.display = "block"
    }, delay)
  },
  hide() {
    clearTimeout(timer)
    timer = undefined
    bar.style.display = "none"
  },
}
