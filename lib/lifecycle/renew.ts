import type { Socket } from "rookery"
import { LONGEST_MS } from "../protocol/clock.js"
import { PHX_RENEW } from "../protocol/events.js"
import { encodeQuery } from "../protocol/query.js"
import type { RenewalRequest, RenewalResponse } from "../protocol/renewal.js"
import { askSocket, isUnknownEvent } from "./socket-answer.js"

/** Options of {@link renew}. */
export interface RenewOptions {
  /** How long to wait for the reply, in milliseconds. @default the socket's `timeout` */
  timeout?: number | undefined
}

/** The result of {@link renew}. */
export interface Renewal {
  /** Milliseconds until the credentials expire; `Infinity` if they do not. */
  readonly expiresInMs: number
}

async function ask(socket: Socket, request: RenewalRequest, timeout?: number): Promise<Renewal> {
  const { expires_in = Infinity } = (await askSocket(socket, PHX_RENEW, request, timeout)) as RenewalResponse
  return { expiresInMs: expires_in }
}

/**
 * Gets new credentials from the socket's `params` and `authToken`, and sends them to the server without reconnecting.
 *
 * This needs a Rookery endpoint with the option `renew`. Any other Phoenix server refuses it with `unmatched topic`.
 *
 * @throws a `PushError` if the server refuses the credentials: the connection stays open until the former ones expire
 */
export async function renew(socket: Socket, { timeout }: RenewOptions = {}): Promise<Renewal> {
  const [params, auth_token] = await socket.findTarget()
  return ask(socket, { query: encodeQuery({ ...params, vsn: socket.options.vsn }), auth_token }, timeout)
}

/** The share of the time until credentials expire after which they are renewed. */
const SHARE = 0.8

/** The shortest wait between two renewals, for credentials that are about to expire. */
const SHORTEST_MS = 1000

/**
 * Renews the socket's credentials each time before they expire, for as long as it is connected. If a renewal fails,
 * another one is tried in the remaining time; if none succeeds, the server closes the connection when they expire, and
 * the socket reconnects with new credentials.
 *
 * @returns a function that stops it
 */
export function keepRenewed(socket: Socket, options: RenewOptions = {}): () => void {
  const { clock } = socket.options
  let timer: unknown
  /** Unknown until the server has answered once on this connection. */
  let expiresAt: number | undefined
  let failures = 0
  let connection = 0
  const askExpiry = (): Promise<Renewal> => ask(socket, {}, options.timeout)
  const wait = (ms: number, asked: () => Promise<Renewal>): void => {
    const current = connection
    timer = clock.setTimeout(() => void go(current, asked), Math.min(ms, LONGEST_MS))
  }
  const plan = (): void => {
    // Without the expiry the remaining time is unknown, so the waits grow from the shortest.
    if (expiresAt === undefined) return wait(SHORTEST_MS * 2 ** failures++, askExpiry)
    const left = expiresAt - clock.now()
    if (left === Infinity || left < SHORTEST_MS) return
    wait(left * SHARE, () => renew(socket, options))
  }
  const go = async (current: number, asked: () => Promise<Renewal>): Promise<void> => {
    try {
      const { expiresInMs } = await asked()
      if (current === connection) expiresAt = clock.now() + expiresInMs
    } catch (error) {
      if (current === connection && isUnknownEvent(error)) expiresAt = Infinity
    }
    if (current === connection) plan()
  }
  const start = (): void => {
    clock.clearTimeout(timer)
    expiresAt = undefined
    failures = 0
    connection++
    if (socket.isConnected()) void go(connection, askExpiry)
  }
  const opened = socket.onOpen(start)
  const closed = socket.onClose(start)
  start()
  return () => {
    socket.off([opened, closed])
    clock.clearTimeout(timer)
    connection++
  }
}
