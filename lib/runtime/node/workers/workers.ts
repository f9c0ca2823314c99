import cluster, { type Address, type Worker } from "node:cluster"
import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { RookeryError } from "../../../protocol/errors.js"
import type { Logger } from "../../../server/api/logger.js"
import { consoleLogger } from "../platform/console-logger.js"
import { FOLDER, STOP } from "./worker-environment.js"
import { socketPath } from "./socket-path.js"

/** Options of {@link startWorkers}. */
export interface WorkersOptions {
  /**
   * How many worker processes.
   *
   * @default one for each core of the machine
   */
  count?: number
  /**
   * Called before each start of a worker for further environment variables, with the address at which the first one
   * listens, once it does.
   */
  env?: (listening: Address | undefined) => Readonly<Record<string, string>>
  /**
   * Aborted when the workers are to end.
   *
   * @default the signals SIGTERM, SIGINT and SIGHUP of this process
   */
  signal?: AbortSignal
  /**
   * After how many milliseconds a worker that is to end is killed.
   *
   * @default 30_000
   */
  deadlineMs?: number
  /**
   * Told of each worker that ended by itself, or `false`.
   *
   * @default the console
   */
  logger?: Logger | false
}

/** A worker ended before it listened, when the workers were started. It has said why. */
export class WorkerError extends RookeryError<"worker_failed"> {
  /** The exit code of the worker; `null` if a signal ended it. */
  readonly exitCode: number | null

  constructor(how: string, exitCode: number | null) {
    super("worker_failed", `a worker ended ${how} before it listened; see what it printed`)
    this.exitCode = exitCode
  }
}

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 10_000
/** A worker that lived for this long did not fail by its start. */
const SETTLED_MS = 10_000

/** The milliseconds until a worker is started again, after so many in a row that ended soon after their start. */
export const restartDelay = (failures: number): number => Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS)

const howEnded = (code: number | null, signal: string | null): string =>
  signal === null ? `with code ${code}` : `by ${signal}`

/** The workers of this process. */
export interface Workers {
  /** Has every worker drain and end; resolves once all have ended. Those that are left at the deadline are killed. */
  close(): Promise<void>
  /** Resolves once all have ended after `close`, or after the signal. */
  readonly ended: Promise<void>
}

/** Keeps a number of workers running. */
class Supervisor implements Workers {
  readonly ended: Promise<void>
  readonly #options: Required<Pick<WorkersOptions, "count" | "deadlineMs">> & WorkersOptions
  readonly #folder = mkdtempSync(join(tmpdir(), "rookery-"))
  readonly #running = new Set<Worker>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #address: Address | undefined
  #isClosing = false
  #end: () => void = () => {}

  constructor(options: WorkersOptions) {
    this.#options = { count: availableParallelism(), deadlineMs: 30_000, ...options }
    this.ended = new Promise((resolve) => {
      this.#end = () => {
        rmSync(this.#folder, { recursive: true, force: true })
        resolve()
      }
    })
  }

  /** Starts the first worker, and the others once that one listens. */
  async start(): Promise<void> {
    const stop = (): void => void this.close()
    const { signal, count } = this.#options
    if (signal === undefined) for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(name, stop)
    else signal.addEventListener("abort", stop, { once: true })
    try {
      // It finds out whether the port is free and the configuration holds, and says so once.
      await this.#first()
      await Promise.all(Array.from({ length: count - 1 }, () => this.#first()))
    } catch (error) {
      await this.close()
      throw error
    }
    if (signal?.aborted) stop()
  }

  close(): Promise<void> {
    if (this.#isClosing) return this.ended
    this.#isClosing = true
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#running.size === 0) this.#end()
    for (const worker of this.#running) this.#stop(worker)
    const killing = setTimeout(() => {
      for (const worker of this.#running) worker.process.kill("SIGKILL")
    }, this.#options.deadlineMs)
    return this.ended.finally(() => clearTimeout(killing))
  }

  #stop(worker: Worker): void {
    // A signal would come twice where the whole group of processes gets one, as from a terminal and from systemd.
    if (worker.isConnected()) worker.send(STOP)
    else worker.process.kill("SIGTERM")
  }

  /** Starts a worker, which has to listen. */
  #first(): Promise<void> {
    return new Promise((resolve, reject) => {
      let listens = false
      const ended = (how: string, code: number | null): boolean => {
        if (!listens) reject(new WorkerError(how, code))
        return listens
      }
      const listening = (): void => {
        listens = true
        resolve()
      }
      if (this.#isClosing) resolve()
      else this.#fork(0, listening, ended)
    })
  }

  /**
   * Starts a worker, and another one when it ends.
   *
   * @param failures how many before it, in a row, ended soon after their start
   * @param ended gives whether another one is started
   */
  #fork(failures: number, listening: () => void, ended: (how: string, code: number | null) => boolean): void {
    const { env } = this.#options
    const worker = cluster.fork({ ...env?.(this.#address), [FOLDER]: this.#folder })
    const startedAt = performance.now()
    this.#running.add(worker)
    worker.once("listening", (address) => {
      this.#address ??= address
      listening()
    })
    worker.on("error", () => {})
    worker.once("exit", (code: number | null, signal: string | null) => {
      this.#running.delete(worker)
      rmSync(socketPath(this.#folder, worker.id), { force: true })
      if (this.#isClosing) {
        listening()
        if (this.#running.size === 0) this.#end()
        return
      }
      const how = howEnded(code, signal)
      if (!ended(how, code)) return
      const again = performance.now() - startedAt < SETTLED_MS ? failures + 1 : 0
      const ms = restartDelay(again)
      const { logger = consoleLogger } = this.#options
      const message = `worker ${worker.process.pid} ended ${how}; another one starts in ${ms} ms`
      if (logger !== false) logger("warn", message, {})
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#fork(again, listening, ended)
      }, ms)
      this.#timers.add(timer)
    })
  }
}

/**
 * Runs this program once more in each of several worker processes, which listen at the same port, so that a server uses
 * all cores of a machine. To be called in the primary process only. The workers' endpoints need a `cluster` such as
 * `redis(client)`: without it a message reaches the clients of one worker only.
 *
 * ```ts
 * import cluster from "node:cluster"
 *
 * if (cluster.isPrimary) await startWorkers({ count: 4 })
 * else await serve() // makes the endpoint, and listens
 * ```
 *
 * A worker that ends is started again, after a pause that grows while it goes on failing. At SIGTERM, SIGINT or SIGHUP
 * each worker gets a SIGTERM, once, and drains as a single process would. If the primary process dies, the workers end.
 * Sessions of long-poll need nothing from a proxy in front: a worker passes a request for another worker's session on.
 *
 * Resolves once every worker listens; rejects with a `WorkerError` if one ends before it has listened.
 */
export async function startWorkers(options: WorkersOptions = {}): Promise<Workers> {
  const { count } = options
  if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) {
    throw new RookeryError("bad_option", `count: ${count} is not a number of workers; use 1 or more`)
  }
  if (!cluster.isPrimary) {
    throw new RookeryError("bad_option", "startWorkers() is for the primary process; ask cluster.isPrimary first")
  }
  const supervisor = new Supervisor(options)
  await supervisor.start()
  return supervisor
}
