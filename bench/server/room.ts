import { Line } from "./line.js"
import type { Remote } from "./remote.js"
import { dialectOf, MSGPACK_DIALECT, type Dialect } from "./subjects.js"
import { witness } from "./witness.js"

/** The sockets of one topic, the first of which sends. */
export class Room {
  readonly lines: readonly Line[]
  readonly #shout: Buffer

  private constructor(lines: readonly Line[], shout: Buffer) {
    this.lines = lines
    this.#shout = shout
  }

  /** Fills a room, and checks that a message arrives correctly at every socket. */
  static async open(
    remotes: readonly Pick<Remote, "port">[],
    subject: string,
    topic: string,
    sockets: number,
    mixed = false,
  ): Promise<Room> {
    const own = dialectOf(subject, "room", topic)
    const members: { line: Line; dialect: Dialect }[] = []
    for (let i = 0; i < sockets; i++) {
      const dialect = mixed && i % 2 === 1 ? MSGPACK_DIALECT : own
      // The sockets connect to the servers in turn.
      const line = await Line.open(remotes[i % remotes.length]?.port ?? 0, dialect.path)
      await dialect.enter(line, topic)
      members.push({ line, dialect })
    }
    const room = new Room(
      members.map(({ line }) => line),
      own.shout(topic),
    )
    const checked = members.map(async ({ line, dialect }) => {
      let got: Buffer | undefined
      line.inspect = (payload) => (got = Buffer.from(payload))
      await line.frames(1)
      line.inspect = undefined
      const expected = dialect.delivered(topic)
      if (got === undefined || !expected.equals(got)) throw new Error(`${subject} delivered ${got?.toString()}`)
    })
    // The witness joins at the last server, so that its message has passed between servers.
    const attested = subject.startsWith("socket.io") ? await witness(remotes.at(-1)?.port ?? 0, topic) : undefined
    room.shout()
    await Promise.all(checked)
    await attested?.()
    return room
  }

  shout(): void {
    this.lines[0]?.send(this.#shout)
  }

  /** Calls back for every frame until `silence()`. */
  listen(heard: (count: number, socket: number) => void): void {
    this.lines.forEach((line, socket) => (line.onFrames = (count) => heard(count, socket)))
  }

  silence(): void {
    for (const line of this.lines) {
      line.onFrames = undefined
      line.forget()
    }
  }
}
