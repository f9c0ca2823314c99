import type { Message, Socket } from "rookery"

/** A message of a socket with its frame, at the moment it is encoded or decoded. */
export interface Tapped {
  readonly direction: "sent" | "received"
  readonly message: Message
  readonly frame: string | ArrayBufferView | ArrayBuffer | Blob
}

/** Called with each message, and with what a codec threw at one. */
export interface Tap {
  message(tapped: Tapped): void
  failed(direction: Tapped["direction"], error: unknown): void
}

/**
 * The taps of a socket. Its options have the functions of one such object, so that taps can be removed in any order.
 */
class Taps {
  readonly #socket: Socket
  readonly #taps = new Set<Tap>()
  #remove = (): void => {}

  constructor(socket: Socket) {
    this.#socket = socket
  }

  add(tap: Tap): void {
    this.#taps.add(tap)
    if (this.#taps.size === 1) this.#install()
  }

  delete(tap: Tap): void {
    if (this.#taps.delete(tap) && this.#taps.size === 0) this.#remove()
  }

  /** The socket reads both options for each message, so they take effect at once, also on an open connection. */
  #install(): void {
    const socket = this.#socket
    const { options } = socket
    const { encode, decode } = options
    let isInstalled = true
    const tell = (tapped: Tapped): void => {
      if (isInstalled) this.#tell((tap) => tap.message(tapped))
    }
    const ownEncode: NonNullable<typeof encode> = (message, callback) => {
      const write = (frame: Tapped["frame"]): void => {
        tell({ direction: "sent", message, frame })
        callback(frame as ArrayBuffer)
      }
      if (encode) this.#try("sent", () => encode(message, write))
      else write(this.#try("sent", () => socket.codec.encode(message)))
    }
    const ownDecode: NonNullable<typeof decode> = (frame, callback) => {
      const read = (message: Message): void => {
        tell({ direction: "received", message, frame })
        callback(message)
      }
      if (decode) this.#try("received", () => decode(frame, read))
      else read(this.#try("received", () => socket.codec.decode(frame)))
    }
    options.encode = ownEncode
    options.decode = ownDecode
    this.#remove = () => {
      // Other code may have wrapped our functions in the meantime and keeps calling them. They then do nothing, even
      // for taps that are added later, which have their own functions.
      isInstalled = false
      if (options.encode === ownEncode) options.encode = encode
      if (options.decode === ownDecode) options.decode = decode
    }
  }

  #try<Result>(direction: Tapped["direction"], code: () => Result): Result {
    try {
      return code()
    } catch (error) {
      this.#tell((tap) => tap.failed(direction, error))
      throw error
    }
  }

  #tell(tell: (tap: Tap) => void): void {
    for (const tap of this.#taps) {
      try {
        tell(tap)
      } catch (error) {
        // If rethrown, it would look like an error of the codec, and the message would be lost.
        this.#socket.report(error)
      }
    }
  }
}

const TAPS = new WeakMap<Socket, Taps>()

/** Shows a tap the messages of a socket, until the returned function is called. */
export function tap(socket: Socket, tap: Tap): () => void {
  let taps = TAPS.get(socket)
  if (taps === undefined) TAPS.set(socket, (taps = new Taps(socket)))
  taps.add(tap)
  return () => taps.delete(tap)
}
