import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises"
import { WebSocket } from "ws"
import { longPoll, Socket, webSocket, type Channel, type Push, type SocketOptions, type WebSocketClass } from "rookery"
import { msgpack } from "rookery/msgpack"
import { FakeClock } from "../../support/fake-clock.js"

/** The serializer and the transport of a client. */
export type Manner = "text" | "binary" | "long-poll"

/** The time limit of one long-poll request, in real time, because its transport knows no other. */
const REQUEST_MS = 300
/** Without a waiting timer and without traffic on the connection, another event has to come within this time. */
const STUCK_MS = 60_000

// On the Node platform this transport is the default; a soak runs without that platform.
const WEBSOCKET = webSocket({ WebSocket: WebSocket as unknown as WebSocketClass })

/** The network of one client; `activity` goes up with all traffic. */
export interface Network {
  readonly port: number
  readonly activity: number
}

/** A real socket on a real connection. Its timers fire as soon as the connection has no more traffic. */
export class Life implements Disposable {
  readonly clock = new FakeClock()
  readonly socket: Socket
  readonly errors: unknown[] = []
  readonly closes: { code: number; reason: string; wasClean: boolean }[] = []
  /** The outcome of each push; `undefined` until it has one. */
  readonly outcomes: (string | undefined)[] = []
  /** The most timers that waited at the same time. */
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

  /** Makes a push, and checks that its answer belongs to it. */
  push(room: Channel, retry = false, payload?: Uint8Array): void {
    const at = this.#pushes++
    this.outcomes[at] = undefined
    const id = `${this.name} ${at}`
    const push: Push = room.push(payload ? "bytes" : "echo", payload ?? { id }, { retry })
    void this.#outcomeOf(push, (answer) =>
      payload ? Buffer.from(answer as Uint8Array).equals(payload) : (answer as { id: string }).id === id,
    ).then((outcome) => (this.outcomes[at] = outcome))
  }

  /** Whether every push has an outcome. */
  get told(): boolean {
    return this.outcomes.every((outcome) => outcome !== undefined)
  }

  /** Runs until a condition holds. Fake time passes whenever there is no traffic. */
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

  /** Whether the connection has traffic within a few turns of the event loop. */
  async #moved(): Promise<boolean> {
    const before = this.#network.activity
    // Long-poll runs some steps in timers of the platform, and their effects take more turns. A busy kernel also needs
    // time to deliver bytes on a local connection.
    for (let i = 0; i < (this.#real ? 4 : 2); i++) {
      if (this.#real || i > 0) await wait(1)
      for (let turn = 0; turn < 8; turn++) await nextTurn()
      if (this.#network.activity !== before) return true
    }
    return false
  }
}
