import { isDeepStrictEqual } from "node:util"
import { io } from "socket.io-client"
import { PAYLOAD } from "./subjects.js"

/** Waits for one delivery, and disconnects. */
export type Witness = () => Promise<void>

/**
 * The load only counts socket.io's packets, which favours its server over the use of its client. To check that these
 * packets are right, socket.io's client joins for one message and compares its payload.
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
