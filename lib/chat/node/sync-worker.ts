import { workerData, type MessagePort } from "node:worker_threads"
import { msgpack } from "rookery/msgpack"
import { ChatClient } from "../client.js"
import { AuthenticationError, ConnectionError } from "../errors.js"
import {
  SYNC_EVENTS,
  SYNC_METHODS,
  type SyncCall,
  type SyncError,
  type SyncMessage,
  type SyncSetup,
} from "./sync-wire.js"

type Said = SyncMessage extends infer Each ? (Each extends unknown ? Omit<Each, "state" | "user"> : never) : never

function crossing(error: unknown): SyncError {
  const name =
    error instanceof AuthenticationError
      ? "AuthenticationError"
      : error instanceof ConnectionError
        ? "ConnectionError"
        : "ClientError"
  const { code = "refused", message } = error as { code?: string; message: string }
  return { name, code, message }
}

/** Runs the client in a worker: handles calls, and sends their results and the client's events. */
export function runSyncWorker(): void {
  const { serverUrl, options, serializer, signal, port } = workerData as SyncSetup & { port: MessagePort }
  const counter = new Int32Array(signal)
  const client = new ChatClient(serverUrl, { ...options, ...(serializer === "msgpack" && { serializer: msgpack() }) })

  const say = (said: Said): void => {
    port.postMessage({ ...said, state: client.connectionState, user: client.user })
    Atomics.add(counter, 0, 1)
    Atomics.notify(counter, 0)
  }

  async function answer({ id, method, args }: SyncCall): Promise<void> {
    try {
      if (!SYNC_METHODS.has(method)) throw new TypeError(`there is no ${method}`)
      const call = client[method as keyof ChatClient] as unknown as (...args: unknown[]) => Promise<unknown>
      say({ id, result: await call.apply(client, [...args]) })
    } catch (error) {
      say({ id, error: crossing(error) })
    }
  }

  for (const event of SYNC_EVENTS) client.on(event, (details) => say({ event, details }))
  port.on("message", (call: SyncCall) => void answer(call))
}
