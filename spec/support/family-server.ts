import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { WebSocketServer, type WebSocket } from "ws"
import type { Family } from "../../fixtures/families.js"
import type { Message } from "../../lib/protocol/message.js"
import { readAsServer, writeAsServer } from "./family-wire.js"

/** The text of the event `long`, which servers with compression send in gzip. */
export const LONG = "long ".repeat(1000)

/** A stand-in for the Phoenix server of a family, with one kind of channel. */
export interface FamilyServer {
  readonly url: string
  close(): Promise<void>
}

function serve(family: Family, socket: WebSocket): void {
  const send = (message: Message): void => {
    const { frame, isText } = writeAsServer(family, message)
    socket.send(frame, { binary: !isText })
  }
  const tell = (topic: string, event: string, payload: unknown): void =>
    send({ join_ref: null, ref: null, topic, event, payload })
  const receive = ({ join_ref, ref, topic, event, payload }: Message): void => {
    if (event === "burst") {
      tell(topic, "told", { n: 1, text: LONG })
      for (const n of [2, 3]) tell(topic, "told", { n })
      tell(topic, "told", { n: 4, text: LONG })
    }
    if (event === "shout") tell(topic, "shout", payload)
    const response = event === "echo" ? payload : event === "long" ? { text: LONG } : {}
    send({ join_ref, ref, topic, event: "phx_reply", payload: { status: "ok", response } })
    if (event === "phx_leave") send({ join_ref, ref: join_ref, topic, event: "phx_close", payload: {} })
  }
  socket.on("message", (data, isBinary) => {
    const bytes = data as Buffer
    try {
      receive(readAsServer(family, { frame: isBinary ? Uint8Array.from(bytes) : bytes.toString(), isText: !isBinary }))
    } catch (error) {
      socket.close(1011, String(error).slice(0, 120))
    }
  })
}

/** Starts it on a free port. */
export async function startFamilyServer(family: Family): Promise<FamilyServer> {
  const server = new WebSocketServer({ port: 0 })
  server.on("connection", (socket) => serve(family, socket))
  await once(server, "listening")
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket`,
    async close() {
      for (const socket of server.clients) socket.terminate()
      server.close()
      await once(server, "close")
    },
  }
}
