import { createHash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { LimitName } from "../protocol/limits.js"
import { readParams, Rejection, type Admission } from "./admission.js"
import type { EndpointContext } from "./context.js"
import { CACHE_CONTROL, faultAnswer, type HttpAnswer } from "./http-answers.js"
import { hasBody } from "./request-body.js"
import type { LinkOwner, ServerLink } from "./link.js"
import type { SocketSetup } from "./socket-process.js"
import { agree, type Agreed, type Subprotocols } from "./subprotocols.js"
import { acceptDeflate } from "./websocket-deflate.js"
import { WebSocketLink } from "./websocket-link.js"

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
const KEY = /^[+/0-9A-Za-z]{22}==$/

/** What a request to upgrade is upgraded with. */
export interface UpgradeOptions {
  readonly context: EndpointContext
  readonly admission: Admission
  readonly compress: boolean
  /** Set for a gateway: it negotiates subprotocols of its own, and answers a close with the client's code. */
  readonly plain?: { readonly subprotocols: Subprotocols | undefined } | undefined
  readonly address: string | undefined
  /** Makes whoever gets what the client sends. */
  own(link: ServerLink, setup: SocketSetup): LinkOwner
  /** Told of a limit that the client hit. */
  onLimit(limit: LimitName, owner: LinkOwner): void
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

/** Checks a request before `connect` is asked. */
function check(request: IncomingMessage, { admission, context, plain }: UpgradeOptions): Agreed | Rejection {
  const fault = handshakeFault(request)
  if (fault !== undefined) return new Rejection("no websocket", fault)
  if (!admission.pageAllowed(request.headers)) return new Rejection("origin", { status: 403 })
  try {
    return agree(request, admission.authToken, plain?.subprotocols)
  } catch (error) {
    context.failed(error, "subprotocols")
    return new Rejection("crashed", faultAnswer(500))
  }
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

/** Makes a websocket of a request to upgrade. Resolves with the answer that refuses it, and without one if it is upgraded. */
export async function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: UpgradeOptions,
): Promise<HttpAnswer | undefined> {
  const { admission, context, address, plain } = options
  // The client may go while `connect` is asked.
  const ignore = (): void => {}
  socket.on("error", ignore)
  const params = readParams(request)
  const agreed = params instanceof Rejection ? params : check(request, options)
  if (params instanceof Rejection || agreed instanceof Rejection) {
    const rejection = params instanceof Rejection ? params : (agreed as Rejection)
    admission.refused("websocket", address, rejection)
    return rejection.answer
  }
  const { authToken, subprotocol } = agreed
  if (plain !== undefined && subprotocol === undefined && request.headers["sec-websocket-protocol"] !== undefined) {
    context.log("info", "a client asks for subprotocols that the gateway's option `subprotocols` does not name", {
      address,
    })
  }
  const admitted = await admission.admit({ transport: "websocket", params, authToken, request, address })
  if (admitted instanceof Rejection) return admitted.answer
  const { released = ignore, ...setup } = admitted
  if (socket.destroyed || !socket.writable) {
    released()
    return undefined
  }
  // A client that lingers after its close frame still holds a connection, and with it the place it was given.
  socket.once("close", released)
  const deflate = options.compress ? acceptDeflate(request.headers["sec-websocket-extensions"]) : undefined
  // What leaves in one turn leaves in one write, so there is nothing that waiting could join.
  if (socket instanceof Socket) socket.setNoDelay(true)
  socket.write(accept(request, subprotocol, deflate?.answer))
  const link = new WebSocketLink({
    socket,
    address,
    limits: setup.limits,
    batch: context.batch,
    turns: context.turns,
    held: context.held,
    deflate,
    echoClose: plain !== undefined,
    onLimit: (limit) => options.onLimit(limit, owner),
  })
  const owner = options.own(link, { ...setup, subprotocol })
  link.start(owner, head)
  return undefined
}
