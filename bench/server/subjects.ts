import { Packr } from "msgpackr"
import { binaryFrame, textFrame, type Line } from "./line.js"

/** The compared servers: Rookery, a loop over bare `ws` sockets, and socket.io over its websocket transport. */
export const SUBJECTS: readonly ["rookery", "ws", "socket.io"] = ["rookery", "ws", "socket.io"]

/** The same, with Rookery over `ws`, and with the bare loop that has Rookery's ways to send. */
export const WITH_PARTS: readonly string[] = [
  "rookery",
  "rookery over ws",
  "ws",
  "ws, prepared frames",
  "ws, batched writes",
  "ws, both",
  "socket.io",
]

/** Rookery with a history. */
export const NUMBERED = "rookery, numbered"

/** The payload of every message. */
export const PAYLOAD: object = { id: 4711, from: "ada", text: "The nest is ready, and there is room for all of you." }

/** The protocol of a client with one of the servers. Frames are made once, so that the load costs little. */
export interface Dialect {
  readonly path: string
  /** Does what is needed after the handshake to receive broadcasts of the room. */
  enter(line: Line, room: string): Promise<void>
  /** A frame that makes the server broadcast to the room. */
  shout(room: string): Buffer
  /** A frame that the server answers with its payload. */
  echo(room: string): Buffer
  /** A frame that joins one more room, and one that leaves it. Each is answered. */
  join(room: string): Buffer
  leave(room: string): Buffer
  /** The number of frames that answer a leave. */
  readonly leaveAnswers: number
  /** The frame that delivers the first shout in a room. */
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
    // A leave gets its reply, and the end of the channel.
    leaveAnswers: 2,
    delivered: (room) => bytes([null, null, room, "new_msg", PAYLOAD, ...(numbered ? [1] : [])]),
  }
}

/** Rookery's JSON and MessagePack. */
export const JSON_DIALECT: Dialect = phoenix("2.0.0", text, (tuple) => Buffer.from(JSON.stringify(tuple)))
export const MSGPACK_DIALECT: Dialect = phoenix("3.0.0", packed, (tuple) => packr.pack(tuple))

/** Rookery's JSON for clients that recover missed messages: every delivery has its offset. */
const NUMBERED_DIALECT: Dialect = phoenix("2.0.0", text, (tuple) => Buffer.from(JSON.stringify(tuple)), true)

/** The dialect of the bare loop. It has no rooms; the path decides what it does with a frame. */
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

/** The task of the bare loop. */
export type Task = "room" | "echo" | "join"

export function dialectOf(subject: string, task: Task, room: string): Dialect {
  if (subject === NUMBERED) return NUMBERED_DIALECT
  if (subject.startsWith("rookery")) return JSON_DIALECT
  if (subject.startsWith("socket.io")) return SOCKET_IO
  return bare(task === "room" ? `/room/${room}` : `/${task}`)
}
