// The `assets/js/app.js` of a new Phoenix 1.8 app, with the import of `Socket` changed and nothing else.

// Makes links and buttons with `data-method` send PUT and DELETE.
import "phoenix_html"
// In a new app this line is: import { Socket } from "phoenix"
import { Socket } from "rookery"
import { LiveSocket } from "phoenix_live_view"
import { hooks as colocatedHooks } from "phoenix-colocated/my_app"
import topbar from "../vendor/topbar"

const csrfToken = document.querySelector("meta[name='csrf-token']").getAttribute("content")
const liveSocket = new LiveSocket("/live", Socket, {
  longPollFallbackMs: 2500,
  params: { _csrf_token: csrfToken },
  hooks: { ...colocatedHooks },
})

// A bar at the top of the page while LiveView navigates or submits a form.
topbar.config({ barColors: { 0: "#29d" }, shadowColor: "rgba(0, 0, 0, .3)" })
window.addEventListener("phx:page-loading-start", (_info) => topbar.show(300))
window.addEventListener("phx:page-loading-stop", (_info) => topbar.hide())

// Connects if there is a LiveView on the page.
liveSocket.connect()

// For the browser's console: liveSocket.enableDebug(), liveSocket.enableLatencySim(1000), liveSocket.disableLatencySim()
window.liveSocket = liveSocket
