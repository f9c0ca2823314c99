import type { IncomingMessage } from "node:http"
import type { Arrival } from "../../../server/api/arrival.js"
import type { TransportName } from "../../../server/api/socket.js"
import { targetOf } from "./request-target.js"

/** Describes the client that sends a request. */
export function arrivalOf(request: IncomingMessage, transport: TransportName, address: string | undefined): Arrival {
  const { path, query } = targetOf(request)
  return {
    transport,
    path,
    query,
    address,
    request,
    header(name) {
      const value = request.headers[name]
      return typeof value === "object" ? value.join(", ") : value
    },
  }
}
