import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"

/** A connection through the proxy. */
interface Line {
  readonly ends: readonly [client: Socket, server: Socket]
  /** Whether it carries nothing any more, without either end noticing. */
  dead: boolean
}

/** The faults of connections so far. */
export interface Faults {
  cuts: number
  stalls: number
  halfOpen: number
}

/** Whole numbers from 0, the same ones for the same seed (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** A bad network in front of several servers: gives each new connection to one of them, and harms some at random. */
export class FaultyProxy implements AsyncDisposable {
  readonly faults: Faults = { cuts: 0, stalls: 0, halfOpen: 0 }
  /** The ports of the servers that get new connections. */
  targets: number[]
  readonly #random: (below: number) => number
  readonly #server: Server
  readonly #lines = new Set<Line>()
  #timer: NodeJS.Timeout | undefined

  private constructor(targets: number[], random: (below: number) => number) {
    this.targets = targets
    this.#random = random
    this.#server = createServer((client) => this.#carry(client))
  }

  static async before(targets: number[], random: (below: number) => number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(targets, random)
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", 1024, resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Harms a connection at each interval, until the storm ends. */
  storm(everyMs: number): void {
    this.#timer = setInterval(() => this.#harm(), everyMs)
  }

  calm(): void {
    clearInterval(this.#timer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.calm()
    for (const line of this.#lines) this.#end(line)
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #harm(): void {
    const lines = [...this.#lines].filter(({ dead }) => !dead)
    const line = lines[this.#random(lines.length || 1)]
    if (line === undefined) return
    const kind = this.#random(10)
    if (kind < 6) {
      this.faults.cuts++
      this.#end(line)
    } else if (kind < 8) {
      this.faults.stalls++
      for (const end of line.ends) end.pause()
      setTimeout(() => line.ends.forEach((end) => line.dead || end.resume()), 50 + this.#random(500))
    } else {
      this.faults.halfOpen++
      line.dead = true
      // Pauses one direction or both.
      const ways = this.#random(3)
      line.ends.forEach((end, way) => (ways === 2 || ways === way) && end.pause())
    }
  }

  #end(line: Line): void {
    this.#lines.delete(line)
    for (const end of line.ends) end.destroy()
  }

  #carry(client: Socket): void {
    const target = this.targets[this.#random(this.targets.length)]
    if (target === undefined) return void client.destroy()
    const server = connect(target, "127.0.0.1")
    const line: Line = { ends: [client, server], dead: false }
    this.#lines.add(line)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on("error", () => {})
      from.on("data", (chunk) => void to.write(chunk))
      from.on("close", () => this.#end(line))
    }
  }
}
