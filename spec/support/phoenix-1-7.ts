import { XmlHttpRequest } from "./xml-http-request.js"

// It looks once, when it is loaded, for a page to make its requests with.
const page = globalThis as { self?: object }
page.self = { XMLHttpRequest: XmlHttpRequest }

/** The official client before 1.8. */
export const phoenix17 = await import("phoenix-1-7")

delete page.self
