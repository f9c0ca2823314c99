import type { Transport } from "rookery"
import { connectInProcess, type InProcessConnection } from "../../lib/runtime/memory/in-process.js"
import type { CoreEndpoint } from "../../lib/server/endpoint.js"

/** A connection to an endpoint of the same page. */
export function toEndpoint(endpoint: CoreEndpoint): Transport {
  return {
    name: "in page",
    open(url, { authToken = null }, events) {
      let line: InProcessConnection | undefined
      const end = (code: number): void => events.close({ code, reason: "", wasClean: true })
      const soon = (act: () => void): void => void Promise.resolve().then(act)
      connectInProcess(endpoint, {
        params: new URL(url).search.slice(1),
        authToken,
        frame: (frame) => soon(() => events.frame(typeof frame === "string" ? frame : new Uint8Array(frame).buffer)),
        closed: (code) => soon(() => end(code)),
      })
        .then((opened) => {
          line = opened
          return events.open()
        })
        .catch((error: unknown) => {
          events.error(error)
          end(1006)
        })
      return { bufferedAmount: 0, send: (frame) => line?.send(frame), close: (code) => line?.close(code) }
    },
  }
}
