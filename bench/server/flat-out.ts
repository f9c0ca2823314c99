import { now } from "../harness/stopwatch.js"
import type { Remote } from "./remote.js"
import type { Room } from "./room.js"

const ROUND_NS = 400e6

/** Keeps a number of messages in flight in each room, at full speed. */
export async function flatOut(
  remote: Remote,
  rooms: readonly Room[],
  inFlight: number,
): Promise<Record<string, number>> {
  const before = await remote.usage("settled usage")
  const { deliveries, took } = await driven(rooms, inFlight)
  const after = await remote.usage()
  return { "CPU a delivery": (after.cpu - before.cpu) / deliveries, deliveries: deliveries / (took / 1e9) }
}

/** The same without the server's usage. It ends after a number of messages per room if one is given. */
export async function driven(
  rooms: readonly Room[],
  inFlight: number,
  messages?: number,
): Promise<{ deliveries: number; took: number }> {
  const started = now()
  const more = (sent: number): boolean => (messages === undefined ? now() < started + ROUND_NS : sent < messages)
  const deliveries = await Promise.all(rooms.map((room) => drive(room, inFlight, more)))
  return { deliveries: deliveries.reduce((sum, count) => sum + count, 0), took: now() - started }
}

function drive(room: Room, inFlight: number, more: (sent: number) => boolean): Promise<number> {
  const sockets = room.lines.length
  let sent = 0
  let delivered = 0
  return new Promise((resolve) => {
    const shout = (): void => {
      sent++
      room.shout()
    }
    room.listen((count) => {
      delivered += count
      // A message counts as arrived after as many frames as it has receivers, in any order.
      const free = inFlight - (sent - Math.floor(delivered / sockets))
      if (free > 0 && more(sent)) for (let i = 0; i < free; i++) shout()
      else if (delivered === sent * sockets) {
        room.silence()
        resolve(delivered)
      }
    })
    for (let i = 0; i < inFlight; i++) shout()
  })
}
