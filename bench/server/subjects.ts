import { Packr } from "msgpackr"
import { binaryFrame, textFrame, type Line } from "./line.js"

/** What is compared: ours, a loop over bare `ws` sockets, and socket.io over its websocket transport. */
export const SUBJECTS: readonly ["rookery", "ws", "socket.io"] = ["rookery", "ws", "socket.io"]

/** The same beside ours over `ws`, and beside the bare loop with our ways to send. */
export const WITH_PARTS: readonly string[] = [
  "rookery",
  "rookery over ws",
  "ws",
  "ws, prepared frames",
  "ws, batched writes",
  "ws, both",
  "socket.io",
]

/** Ours, with a history. */
export const NUMBERED = "rookery, numbered"

/** What everybody sends. */
export const PAYLOAD: object = { id: 4711, from: "ada", text: "The nest is ready, and there is room for all of you." }

/** How a client speaks to one of the servers. Frames are made once, so that the load costs as little as it can. */
export interface Dialect {
  readonly path: string
  /** After the handshake: whatever it takes until broadcasts of the room arrive. */
  enter(line: Line, room: string): Promise<void>
  /** A frame that makes the server tell everybody in the room. */
  shout(room: string): Buffer
  /** A frame that the server answers with the payload. */
  echo(room: string): Buffer
  /** A frame that joins one more room, and one that leaves it. Each is answered. */
  join(room: string): Buffer
  leave(room: string): Buffer
  /** How many frames a leave is answered with. */
  readonly leaveAnswers: number
  /** What a delivery of the first shout in a room looks like. */
  delivered(room: string): Buffer
}

type Tuple = [join_ref: string | null, ref: string | null, topic: string, event: string, payload: unknown]

const text = (...tuple: Tuple): Buffer => textFrame(JSON.stringify(tuple))
const packr = new Packr({ useRecords: false, variableMapSize: true })
const packed = (...tuple: Tuple): Buffer => binaryFrame(packr.pack(tuple))

let clients = 0

function phoenix(
  vsn: string,
  frame: (...tuple: Tuple) => Buffer,
  bytes: (tuple: readonly unknown[]) => Buffer,
  numbered = false,
): Dialect {
  return {
    path: `/socket/websocket?vsn=${vsn}`,
    async enter(line, room) {
      line.send(frame("1", "1", room, "phx_join", numbered ? { recover: { id: `client-${clients++}` } } : {}))
      await line.frames(1)
    },
    shout: (room) => frame("1", "2", room, "new_msg", PAYLOAD),
    echo: (room) => frame("1", "3", room, "echo", PAYLOAD),
    join: (room) => frame("4", "4", room, "phx_join", {}),
    leave: (room) => frame("4", "5", room, "phx_leave", {}),
    // The reply, and the end of the channel.
    leaveAnswers: 2,
    delivered: (room) => bytes([null, null, room, "new_msg", PAYLOAD, ...(numbered ? [1] : [])]),
  }
}

/** Our JSON, and our MessagePack. */
export const JSON_DIALECT: Dialect = phoenix("2.0.0", text, (tuple) => Buffer.from(JSON.stringify(tuple)))
export const MSGPACK_DIALECT: Dialect = phoenix("3.0.0", packed, (tuple) => packr.pack(tuple))

/** Our JSON, to clients that can make up for what they miss: every delivery has its number. */
const NUMBERED_DIALECT: Dialect = phoenix("2.0.0", text, (tuple) => Buffer.from(JSON.stringify(tuple)), true)

/** The bare loop has no rooms of its own: the path says what to do with a frame, which is sent on as it is. */
function bare(path: string): Dialect {
  const delivery = (room: string): string => JSON.stringify([null, null, room, "new_msg", PAYLOAD] satisfies Tuple)
  return {
    path,
    enter: async () => {},
    shout: (room) => textFrame(delivery(room)),
    echo: (room) => textFrame(delivery(room)),
    join: (room) => text("4", "4", room, "phx_join", {}),
    leave: (room) => text("4", "5", room, "phx_leave", {}),
    leaveAnswers: 1,
    delivered: (room) => Buffer.from(delivery(room)),
  }
}

/** Packets of engine.io 4 and socket.io 5, one a frame. */
const SOCKET_IO: Dialect = {
  path: "/socket.io/?EIO=4&transport=websocket",
  async enter(line, room) {
    await line.frames(1)
    line.send(textFrame("40"))
    await line.frames(1)
    line.send(textFrame(`420${JSON.stringify(["join", room])}`))
    await line.frames(1)
  },
  shout: (room) => textFrame(`42${JSON.stringify(["new_msg", room, PAYLOAD])}`),
  echo: () => textFrame(`421${JSON.stringify(["echo", PAYLOAD])}`),
  join: (room) => textFrame(`422${JSON.stringify(["join", room])}`),
  leave: (room) => textFrame(`423${JSON.stringify(["leave", room])}`),
  leaveAnswers: 1,
  delivered: () => Buffer.from(`42${JSON.stringify(["new_msg", PAYLOAD])}`),
}

/** What the bare loop is to do. */
export type Task = "room" | "echo" | "join"

export function dialectOf(subject: string, task: Task, room: string): Dialect {
  if (subject === NUMBERED) return NUMBERED_DIALECT
  if (subject.startsWith("rookery")) return JSON_DIALECT
  if (subject.startsWith("socket.io")) return SOCKET_IO
  return bare(task === "room" ? `/room/${room}` : `/${task}`)
}
