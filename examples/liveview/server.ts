import { build } from "esbuild"
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Endpoint } from "rookery/server"
import { diff, handleEvent, html, mount, rendered, type Counter } from "./counter.js"

// A stand-in for a Phoenix app with one LiveView, so that the page runs without Elixir.

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "4000" },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  console.log("Usage: npm run liveview -- [--host 127.0.0.1] [--port 4000]")
  process.exit(0)
}

/** LiveView warns when the server is of another version than its JavaScript. */
const { version } = JSON.parse(
  readFileSync(
    new URL("../../package.json", `file://${createRequire(import.meta.url).resolve("phoenix_live_view")}`),
    "utf8",
  ),
) as { version: string }

/** A click has its values as an object, a form as a query. */
interface Event {
  event: string
  value: string | Record<string, string>
}

const endpoint = new Endpoint({ path: "/live" })
endpoint.channel("lv:*", {
  join(_request, room) {
    const counter = mount()
    room.assigns = { counter }
    return { rendered: rendered(counter), liveview_version: version }
  },
  receive: {
    event({ event, value }: Event, room) {
      const { counter } = room.assigns as { counter: Counter }
      const next = handleEvent(event, new URLSearchParams(value), counter)
      room.assigns = { counter: next }
      return { diff: diff(counter, next) }
    },
  },
})

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

// As `mix assets.build` does: esbuild with the options of a new Phoenix app.
const { outputFiles } = await build({
  entryPoints: [here("assets/js/app.js")],
  bundle: true,
  target: "es2022",
  alias: { "phoenix-colocated/my_app": here("assets/colocated.js") },
  tsconfigRaw: {},
  write: false,
})
const script = outputFiles[0]?.text ?? ""

const page = (): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="csrf-token" content="none: the stand-in has no sessions">
    <title>LiveView over Rookery</title>
    <link rel="icon" href="data:,">
    <script defer src="/assets/js/app.js"></script>
  </head>
  <body>
    <div id="phx-${randomBytes(9).toString("base64url")}" data-phx-main data-phx-session="" data-phx-static="">${html(mount())}</div>
  </body>
</html>
`

const FILES: Record<string, () => [type: string, body: string]> = {
  "/": () => ["text/html", page()],
  "/assets/js/app.js": () => ["text/javascript", script],
}
const http = createServer((request, response) => {
  const path = request.url ?? "/"
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined
  if (file === undefined) return void response.writeHead(404).end("not found")
  const [type, body] = file()
  response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body)
})
endpoint.attach(http)
http.on("error", (error: NodeJS.ErrnoException) => {
  console.error(error.code === "EADDRINUSE" ? `port ${values.port} is taken; give another: --port 4001` : error.message)
  process.exit(1)
})
http.listen(Number(values.port), values.host, () => {
  console.log(`LiveView at http://${values.host}:${(http.address() as AddressInfo).port}/`)
})
process.once("SIGINT", () => {
  void endpoint.close({ deadlineMs: 500 }).then(() => process.exit(0))
})
