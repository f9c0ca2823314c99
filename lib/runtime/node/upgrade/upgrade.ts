import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import type { Admission } from "../../../server/admission/admission.js"
import {
  CACHE_CONTROL,
  faultAnswer,
  METHOD_NOT_ALLOWED,
  Rejection,
  upgradeRequired,
  type HttpAnswer,
} from "../../../server/admission/rejection.js"
import type { TransportServices } from "../../../server/process/services.js"
import { arrivalOf } from "../http/request-arrival.js"
import { hasBody } from "../http/request-body.js"
import { handshakeFault, VERSIONS } from "../websocket/handshake.js"
import type { WebSocketServerAdapter } from "./websocket-server.js"

/** The parts that an upgrade needs. */
export interface UpgradeOptions {
  readonly services: TransportServices
  readonly admission: Admission
  readonly websockets: WebSocketServerAdapter
  readonly address: string | undefined
}

const ignore = (): void => {}

const UPGRADE_REQUIRED = upgradeRequired(VERSIONS)

/** The answer to a request that is no valid websocket handshake; `undefined` for a valid one. */
export function faultOfHandshake(request: IncomingMessage): HttpAnswer | undefined {
  const { method, headers } = request
  if (method !== "GET") return METHOD_NOT_ALLOWED
  // A handshake with a body is an attack: the endpoint would read the body as frames, and a proxy in front as a body.
  if (hasBody(request)) return faultAnswer(400)
  const fault = handshakeFault(headers)
  if (fault === undefined) return undefined
  return fault === "bad key" ? faultAnswer(400) : UPGRADE_REQUIRED
}

/**
 * Upgrades a request to a websocket. Resolves with the answer if it is refused, and with `undefined` if it is upgraded.
 */
export async function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { admission, services, websockets, address }: UpgradeOptions,
): Promise<HttpAnswer | undefined> {
  // The client may disconnect while the handshake or `connect` is awaited.
  socket.on("error", ignore)
  // Hundreds of handshakes that come at once would fill a turn of the event loop.
  if (services.turns.mustWait()) await services.turns.next()
  if (socket.destroyed) return undefined
  const fault = faultOfHandshake(request)
  if (fault !== undefined) return admission.refuseHandshake(address, fault)
  const admitted = await admission.admit(arrivalOf(request, "websocket", address))
  if (admitted instanceof Rejection) return admitted.answer
  const { limits, subprotocol, open, leave } = admitted
  if (socket.destroyed || !socket.writable) {
    leave()
    return undefined
  }
  // The slot is freed only when TCP ends: a client that lingers after its close frame still uses a connection.
  socket.on("close", leave)
  // From here on the websocket listens for errors itself.
  socket.off("error", ignore)
  websockets.upgrade({
    request,
    socket,
    head,
    address,
    subprotocol,
    limits,
    services,
    open,
    headers: { "cache-control": CACHE_CONTROL },
    compress: admission.compress,
    // Phoenix's server answers every close frame with code 1000.
    echoClose: admission.isGateway,
  })
  return undefined
}
