// Imports the file it is given while every global that a platform may lack, or that does something, is a trap.
import { pathToFileURL } from "node:url"

const TRAPS = [
  "AbortController",
  "Buffer",
  "EventTarget",
  "Event",
  "MessageChannel",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "URLSearchParams",
  "WebSocket",
  "XMLHttpRequest",
  "addEventListener",
  "atob",
  "btoa",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "document",
  "fetch",
  "localStorage",
  "location",
  "navigator",
  "performance",
  "process",
  "queueMicrotask",
  "reportError",
  "self",
  "sessionStorage",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "structuredClone",
  "window",
]
const file = pathToFileURL(process.argv[2]).href
const write = process.stdout.write.bind(process.stdout)
const touched = []
const originals = TRAPS.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)])
for (const name of TRAPS) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      // Node's own loader looks at some of these too.
      const caller = new Error().stack?.split("\n")[2] ?? ""
      if (caller.includes("/dist/") || caller.includes("node_modules")) touched.push(name)
      return undefined
    },
    set() {},
  })
}

let failure
const exports = await import(file).catch((error) => (failure = error))

for (const [name, original] of originals) {
  if (original === undefined) delete globalThis[name]
  else Object.defineProperty(globalThis, name, original)
}
if (failure !== undefined) throw failure
const { Socket } = exports.default ?? exports
write(`${JSON.stringify({ touched, works: typeof Socket === "function" })}\n`)
