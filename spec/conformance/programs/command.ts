import { conformance } from "../suite.js"

/** The suite on a command line: of Node, Bun and Deno. It ends by itself, or something was left behind. */
const [url = "", control = ""] = process.argv.slice(2)
console.log(JSON.stringify(await conformance({ url, control })))
