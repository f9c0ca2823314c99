import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises"
import { WebSocket } from "ws"
import { longPoll, Socket, webSocket, type Channel, type Push, type SocketOptions, type WebSocketClass } from "rookery"
import { msgpack } from "rookery/msgpack"
import { FakeClock } from "../../support/fake-clock.js"

/** By what the client speaks over which line. */
export type Manner = "text" | "binary" | "long-poll"

/** How long one request of long-poll may take here: in real time, as its transport knows no other. */
const REQUEST_MS = 300
/** With no timer to wait for and nothing on the line, something else has to happen within this time. */
const STUCK_MS = 60_000

// On the Node platform it is the default; a soak is run without.
const WEBSOCKET = webSocket({ WebSocket: WebSocket as unknown as WebSocketClass })

/** What goes over the network of one client; it goes up whenever anything moves. */
export interface Network {
  readonly port: number
  readonly activity: number
}

/** A real socket on a real line, whose own timers run as soon as nothing moves on the line. */
export class Life implements Disposable {
  readonly clock = new FakeClock()
  readonly socket: Socket
  readonly errors: unknown[] = []
  readonly closes: { code: number; reason: string; wasClean: boolean }[] = []
  /** What each push came to; one that came to nothing yet is `undefined`. */
  readonly outcomes: (string | undefined)[] = []
  /** Most timers that waited at once. */
  timers = 0
  readonly #network: Network
  readonly #real: boolean
  #pushes = 0
  readonly name: string

  constructor(name: string, network: Network, manner: Manner, options: SocketOptions = {}) {
    this.name = name
    this.#network = network
    this.#real = manner === "long-poll"
    this.socket = new Socket(`ws://127.0.0.1:${network.port}/socket`, {
      clock: this.clock,
      pageEvents: false,
      params: { world: name },
      longpollerTimeout: REQUEST_MS,
      transport: manner === "long-poll" ? longPoll() : WEBSOCKET,
      ...(manner === "binary" && { serializer: msgpack() }),
      ...options,
    })
    this.socket.onError((error) => this.errors.push(error))
    this.socket.onClose((info) => this.closes.push(info))
  }

  /** Pushes something whose answer has to be its own. */
  push(room: Channel, retry = false, payload?: Uint8Array): void {
    const at = this.#pushes++
    this.outcomes[at] = undefined
    const id = `${this.name} ${at}`
    const push: Push = room.push(payload ? "bytes" : "echo", payload ?? { id }, { retry })
    void this.#outcomeOf(push, (answer) =>
      payload ? Buffer.from(answer as Uint8Array).equals(payload) : (answer as { id: string }).id === id,
    ).then((outcome) => (this.outcomes[at] = outcome))
  }

  /** Whether every push came to something. */
  get told(): boolean {
    return this.outcomes.every((outcome) => outcome !== undefined)
  }

  /** Goes on until something holds. Time passes whenever nothing moves. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const start = performance.now()
    let idle = start
    while (!holds()) {
      if (await this.#moved()) {
        idle = performance.now()
        continue
      }
      if (holds()) return
      const next = this.clock.next()
      this.timers = Math.max(this.timers, this.clock.pending)
      if (next !== Infinity) {
        this.clock.pass(next - this.clock.now())
        idle = performance.now()
      } else if (performance.now() - idle > STUCK_MS) {
        throw new Error(`${this.name}: not ${what}, ${this.socket.status}, and there is nothing to wait for`)
      } else await wait(5)
      if (performance.now() - start > 4 * STUCK_MS) throw new Error(`${this.name}: never ${what}`)
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  async #outcomeOf(push: Push, isOwn: (answer: unknown) => boolean): Promise<string> {
    try {
      return isOwn(await push) ? "ok" : "another's answer"
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  }

  /** Whether anything moves on the line within a few turns. */
  async #moved(): Promise<boolean> {
    const before = this.#network.activity
    // What long-poll does in a task of its own is a timer of the platform's, and what comes of it takes turns again; and
    // a busy kernel takes its time over a local line too.
    for (let i = 0; i < (this.#real ? 4 : 2); i++) {
      if (this.#real || i > 0) await wait(1)
      for (let turn = 0; turn < 8; turn++) await nextTurn()
      if (this.#network.activity !== before) return true
    }
    return false
  }
}
