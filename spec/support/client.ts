import { afterEach, beforeEach, vi } from "vitest"
import { Socket, type Channel, type SocketOptions } from "rookery"
import { StagedTransport, type StagedOptions } from "./staged-transport.js"

/** Uses fake time in a file of specs, and checks that each spec closes its sockets. */
export function withFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
}

/** Runs everything that is due now. */
export const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

/** Lets time pass. */
export const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

/** A socket over a staged transport, without randomness. */
export function staged(
  options: SocketOptions = {},
  stageOptions?: StagedOptions,
): { stage: StagedTransport; socket: Socket; errors: unknown[] } {
  const stage = new StagedTransport(stageOptions)
  const socket = new Socket("ws://example.test/socket", { transport: stage, random: () => 0.5, ...options })
  const errors: unknown[] = []
  socket.onError((error) => errors.push(error))
  return { stage, socket, errors }
}

/** The same, connected, with a joined room. */
export async function joined(
  options: SocketOptions = {},
): Promise<{ stage: StagedTransport; socket: Socket; room: Channel; errors: unknown[] }> {
  const all = staged(options)
  all.socket.connect()
  const room = all.socket.channel("room:1")
  room.join()
  await settled()
  return { ...all, room }
}

/** The state of a promise: `pending`, the value, or the code of the error. */
export async function fate(promise: PromiseLike<unknown>): Promise<unknown> {
  const pending = Symbol("pending")
  const value = await Promise.race([
    Promise.resolve(promise).catch((error: { code?: string }) => error.code ?? error),
    // Settles after every microtask that the promise itself may need.
    settled().then(() => pending),
  ])
  return value === pending ? "pending" : value
}
