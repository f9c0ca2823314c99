import { ConnectError, type Frame, type Loose, type Transport } from "rookery"
import type { InProcessConnection } from "rookery/server"
import { Endpoint as WebEndpoint } from "../../../lib/runtime/web/endpoint.js"

const FIRST_FREE_PORT = 49_152

/** The endpoints that listen, by their ports. */
const listening = new Map<string, WebEndpoint<Loose, Loose>>()

function freePort(): number {
  let port = FIRST_FREE_PORT
  while (listening.has(String(port))) port++
  return port
}

/** An endpoint of the code. It listens at a port as one of Node does, but only the clients of the same code reach it. */
export class Endpoint extends WebEndpoint<Loose, Loose> {
  #port: string | undefined

  async listen({ port = freePort() }: { port?: number } = {}): Promise<{ port: number }> {
    if (listening.has(String(port))) throw new Error(`another endpoint of this code listens at port ${port}`)
    this.#port = String(port)
    listening.set(this.#port, this)
    return { port }
  }

  override close(...options: Parameters<WebEndpoint<Loose, Loose>["close"]>): Promise<void> {
    if (this.#port !== undefined) listening.delete(this.#port)
    return super.close(...options)
  }
}

/** As a websocket hands it over, and so that neither end holds the memory of the other. */
const handedOver = (frame: Frame): string | ArrayBuffer =>
  typeof frame === "string" ? frame : new Uint8Array(frame).buffer

const soon = (act: () => void): void => queueMicrotask(act)

/** The way from a client of the code to an endpoint of the code. */
export const network: Transport = {
  name: "playground",
  open(url, { authToken = null }, events) {
    const { port, pathname, search } = new URL(url)
    let connection: InProcessConnection | undefined
    let isOver = false
    const end = (code: number, wasClean: boolean): void => {
      if (isOver) return
      isOver = true
      events.close({ code, reason: "", wasClean })
    }
    const connect = async (): Promise<void> => {
      const endpoint = listening.get(port)
      if (endpoint === undefined) throw new ConnectError(`no endpoint of this code listens at port ${port || 80}`)
      const opened = await endpoint.connectInProcess({
        path: pathname.replace(/\/websocket$/, ""),
        params: search.slice(1),
        authToken,
        frame: (frame) => soon(() => isOver || events.frame(handedOver(frame))),
        closed: (code) => soon(() => end(code, true)),
      })
      if (isOver) return opened.close()
      connection = opened
      events.open()
    }
    connect().catch((error: unknown) => {
      if (isOver) return
      events.error(error)
      end(1006, false)
    })
    return {
      bufferedAmount: 0,
      send: (frame) => {
        const sent = handedOver(frame)
        soon(() => isOver || connection?.send(sent))
      },
      close: (code = 1000) =>
        soon(() => {
          end(code, true)
          connection?.close(code)
        }),
    }
  },
}
