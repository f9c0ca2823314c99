import type * as phoenix from "phoenix"
import { WebSocket } from "ws"
import { XmlHttpRequest } from "./xml-http-request.js"

type Phoenix = typeof phoenix

// The newest release looks for `window` once, when it is loaded: first, so that it finds none.
await import("phoenix")

// 1.3 reads the page's XMLHttpRequest at every request, the others once, when they are loaded.
const page = globalThis as { window?: object }
page.window = { XMLHttpRequest: XmlHttpRequest, WebSocket }

// Some releases are one default export to Node, others have named exports.
const load = async (loading: Promise<object>): Promise<Phoenix> => {
  const loaded = (await loading) as Phoenix & { default?: Phoenix }
  return loaded.default ?? loaded
}

/** The official client before 1.7: the last release of each minor version. */
export const FORMER_PHOENIX: readonly (readonly [version: string, library: Phoenix])[] = [
  ["1.3.5", await load(import("phoenix-1-3"))],
  ["1.4.18", await load(import("phoenix-1-4"))],
  ["1.5.14", await load(import("phoenix-1-5"))],
  ["1.6.16", await load(import("phoenix-1-6"))],
]
