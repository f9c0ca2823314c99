import type { CloseInfo, Transport } from "rookery"
import type { Endpoint, InProcessConnection } from "rookery/server"

/** A connection to an endpoint of the same process, with frames but without a port. */
export function inProcess(endpoint: Endpoint): Transport {
  return {
    name: "in process",
    open(url, { authToken = null }, events) {
      let line: InProcessConnection | undefined
      let over = false
      const end = (code: number, wasClean = true): void => {
        if (over) return
        over = true
        const info: CloseInfo = { code, reason: "", wasClean }
        // The close comes after the frames that were sent before.
        setImmediate(() => events.close(info))
      }
      const client = {
        params: Object.fromEntries(new URL(url).searchParams),
        authToken,
        frame: (frame: string | Uint8Array) => void setImmediate(() => events.frame(frame)),
        closed: (code: number) => end(code),
      }
      const connect = async (): Promise<void> => {
        try {
          line = await endpoint.connectInProcess(client)
          if (over) line.close()
          else events.open()
        } catch (error) {
          events.error(error)
          end(1006, false)
        }
      }
      void connect()
      return {
        send: (frame) => line?.send(frame),
        close(code = 1005) {
          line?.close()
          end(code)
        },
        bufferedAmount: 0,
      }
    },
  }
}
