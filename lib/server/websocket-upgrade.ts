import { createHash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { readSubprotocols } from "../protocol/auth-token.js"
import type { LimitName } from "../protocol/limits.js"
import { readParams, Rejection, type Admission } from "./admission.js"
import type { EndpointContext } from "./context.js"
import { answerUpgrade, CACHE_CONTROL, faultAnswer, type HttpAnswer } from "./http-answers.js"
import { hasBody } from "./request-body.js"
import type { LinkOwner, ServerLink } from "./link.js"
import type { SocketSetup } from "./socket-process.js"
import { acceptDeflate } from "./websocket-deflate.js"
import { WebSocketLink } from "./websocket-link.js"

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
const KEY = /^[+/0-9A-Za-z]{22}==$/

interface Subprotocol {
  readonly authToken: string | null
  readonly answer: string | undefined
}

/** What a request to upgrade is upgraded with. */
export interface UpgradeOptions {
  readonly context: EndpointContext
  readonly admission: Admission
  readonly compress: boolean
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

function subprotocolOf(request: IncomingMessage, admission: Admission): Subprotocol | Rejection {
  const header = request.headers["sec-websocket-protocol"]
  if (!admission.authToken || header === undefined) return { authToken: null, answer: undefined }
  const read = readSubprotocols(header)
  if (read === "unknown") return new Rejection("subprotocol", { status: 403 })
  if (read === "bad token") return new Rejection("auth token", faultAnswer(500))
  return read
}

/** Checks a request before `connect` is asked. */
function check(request: IncomingMessage, { admission }: UpgradeOptions): Subprotocol | Rejection {
  const fault = handshakeFault(request)
  if (fault !== undefined) return new Rejection("no websocket", fault)
  if (!admission.pageAllowed(request.headers)) return new Rejection("origin", { status: 403 })
  return subprotocolOf(request, admission)
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

/** Makes a socket of a request to upgrade, or says why not. */
export async function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: UpgradeOptions,
): Promise<void> {
  const { admission, context, address } = options
  // Between the request and the answer the client may go, and an error that nobody hears ends the process.
  const ignore = (): void => {}
  socket.on("error", ignore)
  const reject = (rejection: Rejection): void => answerUpgrade(socket, rejection.answer)
  const params = readParams(request)
  const subprotocol = params instanceof Rejection ? params : check(request, options)
  if (params instanceof Rejection || subprotocol instanceof Rejection) {
    const rejection = params instanceof Rejection ? params : (subprotocol as Rejection)
    admission.refused("websocket", address, rejection)
    return reject(rejection)
  }
  const { authToken } = subprotocol
  const admitted = await admission.admit({ transport: "websocket", params, authToken, request, address })
  if (admitted instanceof Rejection) return reject(admitted)
  const { released = ignore, ...setup } = admitted
  if (socket.destroyed || !socket.writable) return released()
  // A client that lingers after its close frame still holds a connection, and with it the place it was given.
  socket.once("close", released)
  const deflate = options.compress ? acceptDeflate(request.headers["sec-websocket-extensions"]) : undefined
  // What leaves in one turn leaves in one write, so there is nothing that waiting could join.
  if (socket instanceof Socket) socket.setNoDelay(true)
  socket.write(accept(request, subprotocol.answer, deflate))
  const link = new WebSocketLink({
    socket,
    address,
    limits: setup.limits,
    batch: context.batch,
    turns: context.turns,
    held: context.held,
    deflate: deflate !== undefined,
    onLimit: (limit) => options.onLimit(limit, owner),
  })
  const owner = options.own(link, setup)
  link.start(owner, head)
}
