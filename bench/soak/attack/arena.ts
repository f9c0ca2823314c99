import { setTimeout as wait } from "node:timers/promises"
import { Intruder, LONGPOLL, messageFrame, requestText, type Target } from "../../../spec/hostile/attack/intruder.js"
import type { Chance } from "../../../spec/hostile/random.js"
import type { Ports } from "./hosts.js"
import type { AttackReport, ClassName, Order, ServerReport } from "./reports.js"

/** The time after an attack in which the server may still end its connections. */
const GRACE_MS = 8000
const TICK_MS = 20

/** The place of an attack: its means, and the record of its results. */
export class Arena {
  readonly target: Target
  readonly ports: Ports
  readonly chance: Chance
  readonly #until: number
  readonly #outcomes: Record<string, number> = {}
  readonly #intruders = new Set<Intruder>()
  readonly #cpu = process.cpuUsage()
  #times = 0
  #gotIn = 0

  constructor(ports: Ports, { forMs, from }: Order, chance: Chance) {
    this.ports = ports
    this.target = { port: ports.main, from }
    this.chance = chance
    this.#until = performance.now() + forMs
  }

  get over(): boolean {
    return performance.now() >= this.#until
  }

  /** Whether the time after the attack is over too. */
  get impatient(): boolean {
    return performance.now() >= this.#until + GRACE_MS
  }

  /** Counts tries. */
  tried(times = 1): void {
    this.#times += times
  }

  /** Counts an outcome that an attacker got. */
  told(outcome: string, times = 1): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + times
  }

  /** Counts an attack that came through. */
  gotIn(what: string): void {
    this.#gotIn++
    this.told(`GOT IN: ${what}`)
  }

  connect(at: Partial<Target> = {}): Promise<Intruder> {
    return this.#kept(Intruder.connect({ ...this.target, ...at }))
  }

  enter(path?: string, headers?: readonly string[], at: Partial<Target> = {}): Promise<Intruder> {
    return this.#kept(Intruder.enter({ ...this.target, ...at }, path, headers))
  }

  /** Enters, and joins a room. */
  async join(topic: string, path?: string, params: unknown = {}): Promise<Intruder> {
    const intruder = await this.enter(path)
    const { frames } = intruder
    intruder.send(messageFrame("1", "1", topic, "phx_join", params))
    await intruder.until(() => intruder.frames > frames)
    return intruder
  }

  /** Opens a long-poll session, and returns its token. */
  async session(at: Partial<Target> = {}): Promise<string> {
    const asking = await this.connect(at)
    asking.send(requestText("GET", LONGPOLL, ["connection: close"]))
    await asking.ended
    return /"token":"([^"]+)"/.exec(asking.head)?.[1] ?? ""
  }

  /** An address other than the attackers'. */
  get elsewhere(): string {
    return (this.target.from ?? "127.0.0.1").replace(/\d+$/, "9")
  }

  /** Asks the process of the endpoint for a step that an attacker could not do. */
  async control(path: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.ports.control}${path}`)
    return answer.text()
  }

  /** Records the outcome of a connection, also of one that the server has not ended, and drops it. */
  leave(intruder: Intruder): void {
    this.told(intruder.outcome)
    for (const [reason, times] of intruder.refused) this.told(reason, times)
    intruder.leave()
  }

  /** Waits, but no longer than the attack lasts. */
  async pause(ms: number): Promise<void> {
    await wait(Math.max(0, Math.min(ms, this.#until - performance.now())))
  }

  /** Waits for the end of a connection, and records how it ended. One that the server does not end came through. */
  async end(intruder: Intruder): Promise<void> {
    const left = Math.max(0, this.#until + GRACE_MS - performance.now())
    const late = new AbortController()
    const told = intruder.until(() => intruder.closeCode !== undefined)
    await Promise.race([told, wait(left, undefined, { signal: late.signal }).catch(() => {})])
    late.abort()
    if (intruder.outcome !== "open") this.told(intruder.outcome)
    else this.gotIn("a line that nobody ends")
    for (const [reason, times] of intruder.refused) this.told(reason, times)
    intruder.leave()
  }

  /** Calls a function a number of times per second, as long as the attack lasts. */
  async paced(perSecond: number, act: () => Promise<void>): Promise<void> {
    const started = performance.now()
    const acts = new Set<Promise<void>>()
    let begun = 0
    while (!this.over) {
      const due = ((performance.now() - started) / 1000) * perSecond
      while (begun < due && acts.size < perSecond) {
        begun++
        const done = act().finally(() => acts.delete(done))
        acts.add(done)
      }
      // Calls that could not begin in time are dropped: a flood has no schedule.
      begun = Math.max(begun, due - perSecond)
      await wait(TICK_MS)
    }
    await Promise.all(acts)
  }

  /** Lets a crowd of clients act, each again and again, with a pause between. */
  async crowd(size: number, act: (n: number) => Promise<void>, pauseMs = 50): Promise<void> {
    const one = async (n: number): Promise<void> => {
      while (!this.over) {
        await act(n)
        await wait(pauseMs * (0.5 + this.chance.random()))
      }
    }
    await Promise.all(Array.from({ length: size }, (_, n) => one(n)))
  }

  /** Sends the same bytes again and again, as fast as they are read, until the connection or the attack ends. */
  async flood(intruder: Intruder, bytes: Uint8Array, count: number): Promise<void> {
    while (!intruder.over && intruder.closeCode === undefined && !this.over) {
      this.tried(count)
      intruder.send(bytes)
      do await wait(1)
      while (intruder.socket.writableNeedDrain && !intruder.over && !this.over)
    }
  }

  report(): AttackReport {
    for (const intruder of this.#intruders) intruder.leave()
    const { user, system } = process.cpuUsage(this.#cpu)
    const cpu = (user + system) / 1e6
    return { times: this.#times, outcomes: this.#outcomes, gotIn: this.#gotIn, cpu }
  }

  async #kept(coming: Promise<Intruder>): Promise<Intruder> {
    const intruder = await coming
    this.#intruders.add(intruder)
    void intruder.ended.then(() => this.#intruders.delete(intruder))
    return intruder
  }
}

/** An attack: its name, its actions, and the counters that must show it. */
export interface Attack {
  readonly name: string
  readonly tried: string
  /** The target of the attack. */
  readonly class?: ClassName
  /** The duration in milliseconds, if it differs from that of the other attacks. */
  readonly forMs?: number
  /** Limits that must have been hit, or counters that must have grown. */
  readonly counted: readonly string[]
  /** The growth of the endpoint's memory that is allowed, if it is less than for the other attacks. */
  readonly mostBytes?: number
  /** The bytes that the endpoint may remember for a while on purpose, if more than after the other attacks. */
  readonly mostLeft?: number
  /** Further faults, by the endpoint's report. */
  readonly faults?: (during: ServerReport) => readonly string[]
  run(arena: Arena): Promise<void>
}
