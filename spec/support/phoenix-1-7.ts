import { XmlHttpRequest } from "./xml-http-request.js"

// The library looks once, when it is loaded, for the page that makes its requests.
const page = globalThis as { self?: object }
page.self = { XMLHttpRequest: XmlHttpRequest }

/** The official client before 1.8. */
export const phoenix17 = await import("phoenix-1-7")

delete page.self
