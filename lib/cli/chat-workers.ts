import { createServer, type AddressInfo } from "node:net"
import { EXIT } from "./exit-codes.js"
import { say, type Io } from "./io.js"
import { UsageError } from "./usage-error.js"

/** The environment variable with the URL of Redis for the workers. */
export const CHAT_REDIS = "ROOKERY_REDIS_URL"

/** The environment variable with the port that all workers share. */
export const CHAT_PORT = "ROOKERY_CHAT_PORT"

/** The environment variable of all workers except the first one, which has printed the chat's address. */
export const CHAT_QUIET = "ROOKERY_CHAT_QUIET"

const MOST_WORKERS = 256

/** The value of `--workers`. */
export function readWorkers(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const count = Number(text)
  if (/^\d{1,3}$/.test(text) && count > 0 && count <= MOST_WORKERS) return count
  throw new UsageError(`--workers ${text} is not a number of processes: 1 to ${MOST_WORKERS}`)
}

/** A port that is free now. A restarted worker has to ask for the same port, so it must have a number. */
async function anyPort(host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen({ host, port: 0 }, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The options of {@link serveByWorkers}. */
export interface ByWorkers {
  readonly count: number
  readonly redisUrl: string
  readonly host: string
  /** Whether any free port will do. */
  readonly atAnyPort: boolean
}

/** Serves the chat with worker processes, which run the same command, until the command should end. */
export async function serveByWorkers({ count, redisUrl, host, atAnyPort }: ByWorkers, io: Io): Promise<number> {
  const { startWorkers, WorkerError } = await import("rookery/server/node")
  const free = atAnyPort ? String(await anyPort(host)) : undefined
  try {
    const workers = await startWorkers({
      count,
      signal: io.signal,
      logger: (_level, message) => say(io, `warn: ${message}`),
      env: (listening) => {
        const port = free ?? listening?.port.toString()
        return {
          [CHAT_REDIS]: redisUrl,
          ...(port !== undefined && { [CHAT_PORT]: port }),
          ...(listening !== undefined && { [CHAT_QUIET]: "1" }),
        }
      },
    })
    if (!io.signal.aborted) io.stdout.write(`${count} workers serve it.\n`)
    io.signal.addEventListener("abort", () => say(io, "closing"), { once: true })
    await workers.ended
    return EXIT.ok
  } catch (error) {
    // The worker has printed the reason.
    if (error instanceof WorkerError) return error.exitCode ?? EXIT.unreachable
    throw error
  }
}
