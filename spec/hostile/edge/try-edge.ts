import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import type { Duplex } from "node:stream"
import type { Chance } from "../random.js"
import type { Backend, Target } from "./backend.js"
import { KINDS, sequence, type Step } from "./sequences.js"

/** The tries of one kind of bytes, and their answers. */
export interface Tried {
  readonly kind: string
  times: number
  /** Answers by the first digit of their status. */
  readonly answers: Map<string, number>
}

/** The results of all sequences. */
export interface EdgeOutcome {
  readonly tried: readonly Tried[]
  /** The errors that reached `uncaughtException` or `unhandledRejection`. */
  readonly thrown: readonly string[]
  /** The connections that were left at the end. */
  readonly left: number
}

/** The number of clients at the same time. */
const CLIENTS = 40
/** The number of sequences between two turns of the honest clients, each with new sessions of long-poll. */
const ROUND = 400
/** The time that a client waits for bytes, which may never come. */
const MOMENT_MS = 30
/** Connections come from this number of addresses, because a used port stays taken for a minute. */
const ADDRESSES = 200

/** Resolves when one of the events comes, or after some time. */
function event(stream: Duplex, names: readonly string[], ms: number): Promise<void> {
  if (stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      for (const name of names) stream.off(name, done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    for (const name of names) stream.on(name, done)
  })
}

/** Ends a connection at once. Node would leave a socket open for ever if it were reset after its own end. */
function leave(stream: Duplex, tcp: Socket): void {
  if (stream.writableEnded) tcp.destroy()
  else tcp.resetAndDestroy()
}

async function take(step: Step, stream: Duplex, tcp: Socket): Promise<void> {
  switch (step.does) {
    case "write":
      stream.write(step.bytes)
      return
    case "yield":
      return new Promise((resolve) => setImmediate(resolve))
    case "read":
      return event(stream, ["data", "close"], MOMENT_MS)
    case "wait":
      return event(stream, ["close"], 5000)
    case "pause":
      stream.pause()
      return
    case "end":
      stream.end()
      return
    case "reset":
      leave(stream, tcp)
  }
}

async function play(target: Target, from: string, steps: readonly Step[], raw: boolean, tried: Tried): Promise<void> {
  const tcp = connect({ port: target.port, host: "127.0.0.1", localAddress: from })
  tcp.on("error", () => {})
  const secure = target.secure && !raw
  const stream = secure ? connectTls({ socket: tcp, rejectUnauthorized: false }) : tcp
  stream.on("error", () => {})
  stream.on("data", (bytes: Buffer) => {
    for (const [, digit = ""] of bytes.toString("latin1").matchAll(/HTTP\/1\.1 (\d)\d\d/g)) {
      tried.answers.set(digit, (tried.answers.get(digit) ?? 0) + 1)
    }
  })
  await event(stream, [secure ? "secureConnect" : "connect", "close"], 5000)
  for (const step of steps) {
    if (stream.destroyed) break
    await take(step, stream, tcp)
  }
  if (tcp.closed) return
  const closed = once(tcp, "close")
  if (!tcp.destroyed) leave(stream, tcp)
  await closed
}

/** Plays `count` sequences, many at once, with honest clients in between. */
export async function tryEdge(backend: Backend, chance: Chance, count: number): Promise<EdgeOutcome> {
  const kinds = Object.keys(KINDS)
  const tried = new Map(kinds.map((kind) => [kind, { kind, times: 0, answers: new Map<string, number>() }]))
  const thrown: string[] = []
  const note = (error: unknown): number =>
    thrown.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.on("uncaughtException", note).on("unhandledRejection", note)
  try {
    for (let done = 0; done < count && thrown.length === 0;) {
      const round = Math.min(ROUND, count - done)
      const tokens = await backend.tokens()
      // All random choices are made before the first byte is sent, so that a seed always sends the same bytes.
      const all = Array.from({ length: round }, () => {
        const kind = chance.of(kinds)
        const target = chance.of(backend.targets)
        const from = `127.0.1.${1 + chance.below(ADDRESSES)}`
        return { kind, target, from, raw: chance.happens(0.1), steps: sequence(chance, kind, tokens) }
      })
      const next = all.values()
      const client = async (): Promise<void> => {
        for (const { kind, target, from, steps, raw } of next) {
          const row = tried.get(kind) as Tried
          row.times++
          await play(target, from, steps, raw, row)
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, client))
      done += round
      await backend.honest()
    }
    return { tried: [...tried.values()], thrown, left: await backend.left() }
  } finally {
    process.off("uncaughtException", note).off("unhandledRejection", note)
  }
}
