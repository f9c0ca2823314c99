import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { WebSocketServer, type WebSocket } from "ws"
import type { Frame, IncomingFrame } from "../../lib/protocol/frame.js"
import type { Message } from "../../lib/protocol/message.js"
import { Waitable } from "./link-log.js"
import { SERIALIZERS, serializerByVsn } from "./serializers.js"

/** Handles a message on the server. */
export type Script = (message: Message, send: (answer: Message) => void) => void

/** The request that connected a client: a websocket's handshake, or the first poll of a session. */
export interface Arrival {
  readonly url: URL
  readonly protocols: string[]
  readonly authToken: string | undefined
}

const TOKEN = "session-token"

/** A server over real sockets and real HTTP that runs a script, with the serializer of the client's vsn. */
export class ScriptedPhoenix {
  readonly arrivals: Waitable<Arrival> = new Waitable<Arrival>()
  /** The received frames, undecoded. */
  readonly frames: Waitable<Frame> = new Waitable<Frame>()
  /** Whether websockets get through; behind some proxies they do not. */
  takesWebSockets = true
  readonly #script: Script
  readonly #server: Server
  readonly #sockets: WebSocketServer
  #mail: string[] = []
  #poll: ServerResponse | undefined
  #lost = false

  private constructor(script: Script) {
    this.#script = script
    this.#server = createServer((request, response) => void this.#request(request, response))
    this.#sockets = new WebSocketServer({
      server: this.#server,
      handleProtocols: () => "phoenix",
      verifyClient: (_info, answer) => answer(this.takesWebSockets, 404),
    })
    this.#sockets.on("connection", (socket, request) => this.#connected(socket, request))
  }

  static async start(script: Script): Promise<ScriptedPhoenix> {
    const phoenix = new ScriptedPhoenix(script)
    await once(phoenix.#server.listen(0, "127.0.0.1"), "listening")
    return phoenix
  }

  /** The URL of the socket. */
  get endPoint(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/socket`
  }

  /** Drops every websocket and the session of long-poll. */
  drop(): void {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#lost = true
    this.#flush()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #arrived({ url = "", headers }: IncomingMessage, authToken?: string): URL {
    const arrival = {
      url: new URL(url, this.endPoint),
      protocols: (headers["sec-websocket-protocol"] ?? "").split(/, ?/),
      authToken,
    }
    this.arrivals.push(arrival)
    return arrival.url
  }

  #received(frame: IncomingFrame, url: URL, send: (frame: Frame) => void): void {
    const { encode, decode } = SERIALIZERS[serializerByVsn(url.searchParams.get("vsn"))].server
    this.frames.push(typeof frame === "string" ? frame : new Uint8Array(frame))
    this.#script(decode(frame), (answer) => send(encode(answer)))
  }

  #connected(socket: WebSocket, request: IncomingMessage): void {
    const url = this.#arrived(request)
    socket.binaryType = "arraybuffer"
    socket.on("message", (data: ArrayBuffer | Buffer, isBinary) =>
      this.#received(isBinary ? (data as ArrayBuffer) : data.toString(), url, (frame) => socket.send(frame)),
    )
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("content-type", "application/json")
    const url = new URL(request.url ?? "", this.endPoint)
    const hasSession = (url.searchParams.get("token") ?? request.headers["x-phoenix-longpoll-token"]) === TOKEN
    if (request.method === "POST") {
      const chunks = (await request.toArray()) as Buffer[]
      for (const line of Buffer.concat(chunks).toString().split("\n")) {
        const frame = /^[[{]/.test(line) ? line : new Uint8Array(Buffer.from(line, "base64"))
        this.#received(frame, url, (answer) => this.#deliver(answer))
      }
      response.end(JSON.stringify({ status: 200 }))
    } else if (hasSession) {
      this.#poll = response
      this.#flush()
    } else {
      this.#arrived(request, request.headers["x-phoenix-authtoken"] as string | undefined)
      response.end(JSON.stringify({ status: 410, token: TOKEN, messages: [] }))
    }
  }

  #deliver(frame: Frame): void {
    this.#mail.push(typeof frame === "string" ? frame : Buffer.from(frame).toString("base64"))
    this.#flush()
  }

  #flush(): void {
    const poll = this.#poll
    if (!poll || (this.#mail.length === 0 && !this.#lost)) return
    const status = this.#lost ? 410 : 200
    poll.end(JSON.stringify({ status, token: TOKEN, messages: this.#mail.splice(0) }))
    this.#poll = undefined
    this.#lost = false
  }
}

/** Rooms whose events do what their names say. */
export const rooms: Script = ({ join_ref, ref, topic, event, payload }, send) => {
  const reply = (status: string, response: unknown): void =>
    send({ join_ref, ref, topic, event: "phx_reply", payload: { status, response } })
  switch (event) {
    case "phx_join":
      return reply("ok", { params: payload })
    case "shout":
      send({ join_ref: null, ref: null, topic, event, payload })
      return reply("ok", {})
    case "echo":
      return reply("ok", payload)
    case "refuse":
      return reply("error", { reason: "nope" })
    default:
      reply("ok", {})
  }
  if (event === "phx_leave") send({ join_ref, ref: join_ref, topic, event: "phx_close", payload: {} })
}
