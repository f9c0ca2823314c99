import WebSocket from "ws"

// Taken once, so that fake timers that a test installs later do not stop the connection. Those of Jest replace both.
const { nextTick } = process
const microtask = queueMicrotask

/**
 * The WebSocket of `ws`, with the timing of a browser's: the code that awaits the connection, or an answer in a message,
 * runs before the next message is emitted.
 *
 * `ws` emits all messages of a packet in one go. An endpoint that pushes from `joined` sends the reply to the join and
 * the push in one packet, so in `const room = await socket.join("room:1"); room.on("welcome", …)` the push would come
 * before its handler. The option `allowSynchronousEvents: false` of `ws` gives each message a turn of the event loop,
 * which costs 5 µs a message; waiting for the microtasks costs a tenth of that.
 */
export class WebSocketInTurns extends WebSocket {
  /** Events behind one whose microtasks still run, in order. */
  readonly #waiting: Parameters<WebSocket["emit"]>[] = []
  #emitted = 0
  #isWaiting = false

  override emit(...event: Parameters<WebSocket["emit"]>): boolean {
    if (this.#isWaiting) return !!this.#waiting.push(event)
    if (event[0] === "message" || event[0] === "open") this.#wait()
    return super.emit(...event)
  }

  #wait(): void {
    this.#isWaiting = true
    microtask(this.#onMicrotask)
  }

  /** A tick that a microtask asks for comes after all other microtasks, however many follow from each other. */
  readonly #onMicrotask = (): void => nextTick(this.#onTick)

  readonly #onTick = (): void => {
    const event = this.#waiting[this.#emitted++]
    if (event) {
      this.#wait()
      super.emit(...event)
    } else {
      this.#waiting.length = this.#emitted = 0
      this.#isWaiting = false
    }
  }
}
