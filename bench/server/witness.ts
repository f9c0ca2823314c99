import { isDeepStrictEqual } from "node:util"
import { io } from "socket.io-client"
import { PAYLOAD } from "./subjects.js"

/** Hears one delivery, and goes. */
export type Witness = () => Promise<void>

/**
 * The load counts socket.io's packets instead of reading them, which is kinder to its server than its client would be. So
 * its client joins for one message, and says that what is counted is what it delivers.
 */
export async function witness(port: number, room: string): Promise<Witness> {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false })
  const heard = new Promise<unknown>((resolve) => socket.once("new_msg", resolve))
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve)
    socket.once("connect_error", reject)
  })
  await socket.emitWithAck("join", room)
  return async () => {
    const payload = await heard
    if (!isDeepStrictEqual(payload, PAYLOAD)) throw new Error(`its client was given ${JSON.stringify(payload)}`)
    await socket.emitWithAck("leave", room)
    socket.disconnect()
  }
}
