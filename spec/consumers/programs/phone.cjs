// Runs a bundle as a phone does: with what React Native has, and nothing else of Node's or of a page's.
const { readFileSync } = require("node:fs")
const { createRequire } = require("node:module")
const { createContext, runInContext } = require("node:vm")

const [bundle, endpoint] = process.argv.slice(2)
const WebSocket = createRequire(bundle)("ws")
const { console, setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis
const { queueMicrotask, performance, fetch, AbortController, TextEncoder, URL, URLSearchParams, atob, btoa } =
  globalThis
const timers = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, queueMicrotask }
const web = { WebSocket, performance, fetch, AbortController, TextEncoder, URL, URLSearchParams, atob, btoa }
const phone = { console, ...timers, ...web, navigator: { product: "ReactNative" }, ENDPOINT: endpoint }
const context = createContext(Object.assign(phone, { global: phone, window: phone, self: phone }))

runInContext(readFileSync(bundle, "utf8"), context, { filename: bundle })
void Promise.resolve(context.outcome).then((said) => console.log(JSON.stringify(said)))
