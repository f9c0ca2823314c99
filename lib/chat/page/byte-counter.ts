import type { Transport } from "rookery"

/** The bytes sent and received, without the few of websocket framing. */
export interface Traffic {
  sent: number
  received: number
}

/** A transport that counts its bytes. */
export function counting(transport: Transport, traffic: Traffic, counted: () => void): Transport {
  return {
    name: transport.name,
    open(url, options, events) {
      const link = transport.open(url, options, {
        open: (traits) => events.open(traits),
        frame(frame) {
          traffic.received += byteLength(frame)
          counted()
          events.frame(frame)
        },
        error: (error) => events.error(error),
        close: (info) => events.close(info),
      })
      return {
        send(frame) {
          link.send(frame)
          traffic.sent += byteLength(frame)
          counted()
        },
        close: (code, reason) => link.close(code, reason),
        get bufferedAmount() {
          return link.bufferedAmount
        },
      }
    },
  }
}

const utf8 = new TextEncoder()

const byteLength = (frame: string | ArrayBuffer | Uint8Array): number =>
  typeof frame === "string" ? utf8.encode(frame).length : frame.byteLength
