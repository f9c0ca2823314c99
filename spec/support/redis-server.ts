import { spawn, type ChildProcess } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { freePort } from "./free-port.js"
import { REDIS, REDIS_VERSION } from "./machine.js"

/** Whether specs can start a Redis. */
export const HAS_REDIS: boolean = REDIS !== undefined

/** Whether specs can start a Redis Cluster with sharded pub/sub. */
export const HAS_REDIS_CLUSTER: boolean = HAS_REDIS && REDIS_VERSION >= 7

/** A Redis in a separate process that a spec can end, kill and pause. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), "rookery-redis-"))
  readonly #settings: readonly string[]
  /** Its configuration, if it is a Sentinel. */
  readonly #sentinel: readonly string[] | undefined
  #process: ChildProcess | undefined

  private constructor(port: number, settings: readonly string[], sentinel?: readonly string[]) {
    this.port = port
    this.#settings = settings
    this.#sentinel = sentinel
  }

  /** Starts one, with more arguments of `redis-server` than it needs. */
  static start(...settings: string[]): Promise<RedisServer> {
    return RedisServer.#started((port) => new RedisServer(port, settings))
  }

  /** Starts a Sentinel, with this configuration. */
  static startSentinel(...configuration: string[]): Promise<RedisServer> {
    return RedisServer.#started((port) => new RedisServer(port, [], configuration))
  }

  static async #started(make: (port: number) => RedisServer): Promise<RedisServer> {
    for (let tries = 1; ; tries++) {
      const server = make(await freePort())
      try {
        await server.start()
        return server
      } catch (error) {
        await server[Symbol.asyncDispose]()
        // Another program may have taken the port in between.
        if (tries === 3) throw error
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /**
   * Starts it with the data of its earlier runs, unless it runs. It writes before it answers, so a kill loses nothing; it
   * does not wait for the disk, which on a busy machine takes longer than a node waits for Redis.
   */
  async start(): Promise<void> {
    if (this.#process !== undefined) return
    if (REDIS === undefined) throw new Error("there is no redis-server on this machine")
    const child = spawn(REDIS, this.#arguments(), { stdio: ["ignore", "pipe", "inherit"] })
    this.#process = child
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (/Ready to accept connections|\+monitor master/.test(line)) resolve()
      })
      child.once("exit", (code) => reject(new Error(`redis-server ended (${code})`)))
    })
  }

  /** Pauses it, or lets it continue. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal)
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGKILL")
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #arguments(): string[] {
    const place = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#folder]
    if (this.#sentinel === undefined) {
      return [...place, "--appendonly", "yes", "--appendfsync", "no", "--save", "", ...this.#settings]
    }
    // A Sentinel writes what it has learned into its configuration.
    const file = join(this.#folder, "sentinel.conf")
    if (!existsSync(file)) writeFileSync(file, `${this.#sentinel.join("\n")}\n`)
    return [file, ...place, "--sentinel"]
  }
}
