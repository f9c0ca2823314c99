import { makeInspected } from "./inspected.js"
import { serveCommand } from "./served.js"

const { endpoint, inspected } = makeInspected()
await serveCommand(endpoint, inspected.fetch)
