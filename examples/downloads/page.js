// @ts-check
// The built library as it stands, without a bundler.
import { Connection } from "./rookery/index.js"

const light = /** @type {HTMLElement} */ (document.querySelector("#light"))
const list = /** @type {HTMLElement} */ (document.querySelector("#downloads"))
/** @type {Map<string, { row: HTMLElement, bar: HTMLProgressElement, text: HTMLElement, button: HTMLButtonElement }>} */
const rows = new Map()

const delay = Number(new URLSearchParams(location.search).get("delay") ?? 5000)
const connection = new Connection(`${location.origin.replace(/^http/, "ws")}/ws`, {
  json: true,
  reconnectAfterMs: () => delay,
})

connection.on("status", (status, { retryInMs }) => {
  light.dataset["status"] = status
  if (status === "connected") light.textContent = "Connected"
  else if (retryInMs !== undefined) light.textContent = `Connection lost. Trying again in ${retryInMs / 1000} s`
  else light.textContent = "Connecting"
  for (const { button } of rows.values()) button.disabled = status !== "connected"
})

connection.on("message", (data) => {
  const message = /** @type {any} */ (data)
  if (message.type === "error") return
  const { bar, text, button } = rowOf(String(message.download_id))
  if (message.type === "download_progress") {
    bar.value = message.progress
    const speed = `${(message.speed / 1_000_000).toFixed(1)} MB/s`
    text.textContent = `File ${message.download_id}: ${message.progress} %, ${message.paused ? "paused" : speed}`
    button.textContent = message.paused ? "Resume" : "Pause"
    button.dataset["action"] = message.paused ? "resume_download" : "pause_download"
  } else {
    const failed = message.type === "download_error"
    if (!failed) bar.value = 100
    text.textContent = failed
      ? `File ${message.download_id} failed: ${message.error_message}`
      : `File ${message.download_id} was saved as ${message.file_path}`
    button.hidden = true
  }
})

/** @param {string} id */
function rowOf(id) {
  const known = rows.get(id)
  if (known) return known
  const made = {
    row: document.createElement("li"),
    text: document.createElement("span"),
    button: document.createElement("button"),
    bar: document.createElement("progress"),
  }
  made.bar.max = 100
  made.bar.setAttribute("aria-label", `Progress of file ${id}`)
  made.button.addEventListener("click", () => {
    connection.send({ action: made.button.dataset["action"], download_id: id })
  })
  made.row.append(made.text, made.button, made.bar)
  list.append(made.row)
  rows.set(id, made)
  return made
}

connection.connect()
