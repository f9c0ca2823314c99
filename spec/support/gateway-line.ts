import type { Endpoint } from "rookery/server"
import { Rejection } from "../../lib/server/admission/rejection.js"
import type { ServerLink, SocketEnd } from "../../lib/server/api/server-link.js"

/** A client of a gateway, without a port. */
export interface GatewayLine {
  send(frame: string | Uint8Array): void
  close(code: number): void
  /** The frames of the server, and the code with which it closed. */
  readonly got: (string | Uint8Array)[]
  readonly closedWith: () => number | undefined
}

/** Connects to a gateway as a websocket would. */
export async function gatewayLine(endpoint: Endpoint, path: string, query = ""): Promise<GatewayLine> {
  const arrival = {
    transport: "websocket",
    path,
    query,
    address: "192.0.2.1",
    request: undefined,
    header: () => undefined,
  }
  const admitted = await endpoint.admit(arrival)
  if (admitted instanceof Rejection) throw new Error(admitted.reason)
  const got: (string | Uint8Array)[] = []
  let code: number | undefined
  const link: ServerLink = {
    transport: "websocket",
    address: arrival.address,
    send: (frame) => void got.push(frame),
    broadcast(shared) {
      const frame = shared.frame()
      if (frame !== undefined) got.push(frame)
      return frame !== undefined
    },
    close: (with_) => void (code = with_),
  }
  const end: SocketEnd = admitted.open(link)
  return {
    send: (frame) => end.receive(frame),
    close(with_) {
      end.closed(with_)
      admitted.leave()
    },
    got,
    closedWith: () => code,
  }
}
