import { createHash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Admission } from "../../../server/admission/admission.js"
import type { TransportServices } from "../../../server/process/services.js"
import { CACHE_CONTROL } from "../http/answers.js"
import { arrivalOf } from "../http/request-arrival.js"
import { faultAnswer, Rejection, type HttpAnswer } from "../../../server/admission/rejection.js"
import { hasBody } from "../http/request-body.js"
import { acceptDeflate } from "./deflate.js"
import { WebSocketLink } from "./websocket-link.js"
import type { WriteBatch } from "./write-batch.js"

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
const KEY = /^[+/0-9A-Za-z]{22}==$/

/** What a request to upgrade is upgraded with. */
export interface UpgradeOptions {
  readonly services: TransportServices
  readonly admission: Admission
  /** Collects what is sent on all websockets. */
  readonly batch: WriteBatch
  readonly address: string | undefined
}

/** An answer that says which upgrade the path takes. */
const UPGRADE_REQUIRED: HttpAnswer = {
  ...faultAnswer(426),
  headers: {
    ...faultAnswer(426).headers,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13, 8",
  },
}

/** The answer to a request that is no handshake of a websocket; `undefined` for one that is. */
export function handshakeFault(request: IncomingMessage): HttpAnswer | undefined {
  const { method, headers } = request
  if (method !== "GET") return { status: 405, headers: { allow: "GET" } }
  // We would read such a body as frames, and a proxy in front as something else: an honest client sends none.
  if (hasBody(request)) return faultAnswer(400)
  if (headers.upgrade?.toLowerCase() !== "websocket") return UPGRADE_REQUIRED
  if (!KEY.test(headers["sec-websocket-key"] ?? "")) return faultAnswer(400)
  const version = headers["sec-websocket-version"]
  return version === "13" || version === "8" ? undefined : UPGRADE_REQUIRED
}

function accept(request: IncomingMessage, subprotocol: string | undefined, deflate: string | undefined): string {
  const digest = createHash("sha1")
    .update(request.headers["sec-websocket-key"] + GUID)
    .digest("base64")
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "upgrade: websocket",
    "connection: Upgrade",
    `sec-websocket-accept: ${digest}`,
    `cache-control: ${CACHE_CONTROL}`,
  ]
  if (subprotocol !== undefined) lines.push(`sec-websocket-protocol: ${subprotocol}`)
  if (deflate !== undefined) lines.push(`sec-websocket-extensions: ${deflate}`)
  return `${lines.join("\r\n")}\r\n\r\n`
}

/** Upgrades a request to a websocket. Resolves with the answer that refuses it, or with `undefined` if it is upgraded. */
export async function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { admission, services, batch, address }: UpgradeOptions,
): Promise<HttpAnswer | undefined> {
  // The client may go while `connect` is asked.
  socket.on("error", () => {})
  const fault = handshakeFault(request)
  if (fault !== undefined) {
    admission.refused("websocket", address, new Rejection("no websocket", fault))
    return fault
  }
  const admitted = await admission.admit(arrivalOf(request, "websocket", address))
  if (admitted instanceof Rejection) return admitted.answer
  const { limits, subprotocol, leave } = admitted
  if (socket.destroyed || !socket.writable) {
    leave()
    return undefined
  }
  // A client that lingers after its close frame still holds a connection, and with it the place it was given.
  socket.once("close", leave)
  const deflate = admission.compress ? acceptDeflate(request.headers["sec-websocket-extensions"]) : undefined
  // All that is sent in one turn is one write already, so there is nothing that waiting could join.
  if (socket instanceof Socket) socket.setNoDelay(true)
  socket.write(accept(request, subprotocol, deflate?.answer))
  const link = new WebSocketLink({
    socket,
    address,
    limits,
    batch,
    turns: services.turns,
    held: services.held,
    deflate,
    // Phoenix's server answers every close with 1000.
    echoClose: admission.isGateway,
  })
  link.start(admitted.open(link), head)
  return undefined
}
