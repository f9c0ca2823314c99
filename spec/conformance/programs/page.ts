import { conformance } from "../suite.js"

/** The suite on a page. */
Object.assign(globalThis, { conformance })
