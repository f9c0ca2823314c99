import { conformance } from "../suite.js"

/** The suite as a program for Node, Bun and Deno. It ends by itself, unless something is left behind. */
const [url = "", control = ""] = process.argv.slice(2)
console.log(JSON.stringify(await conformance({ url, control })))
