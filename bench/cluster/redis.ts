import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { createServer, type AddressInfo } from "node:net"
import { createInterface } from "node:readline"
import { createClient } from "redis"

/** The usage of a Redis. */
export interface RedisUsage {
  /** The CPU time since its start, in nanoseconds. */
  readonly cpu: number
  readonly commands: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** The bytes of its data now. */
  readonly memory: number
}

const PROGRAMS = ["redis-server", "valkey-server"]

function program(): string {
  const found = PROGRAMS.find((name) => spawnSync(name, ["--version"]).status === 0)
  if (found === undefined) {
    throw new Error("there is no Redis to measure with: install redis-server or valkey-server, where PATH finds it")
  }
  return found
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`the Redis ended with ${code}`)))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      if (line.includes("Ready to accept connections")) resolve()
    })
  })
}

/** A Redis in a separate process. It keeps nothing on disk. */
export class Redis {
  readonly url: string
  readonly #process: ChildProcess
  readonly #info: (section: string) => Promise<string>

  private constructor(child: ChildProcess, url: string, info: (section: string) => Promise<string>) {
    this.#process = child
    this.url = url
    this.#info = info
  }

  static async start(): Promise<Redis> {
    const port = await freePort()
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    const child = spawn(program(), args, { stdio: ["ignore", "pipe", "inherit"] })
    await ready(child)
    const url = `redis://127.0.0.1:${port}`
    const client = await createClient({ url }).connect()
    return new Redis(child, url, (section) => client.info(section))
  }

  stop(): void {
    this.#process.kill("SIGKILL")
  }

  async usage(): Promise<RedisUsage> {
    const text = `${await this.#info("stats")}\n${await this.#info("cpu")}\n${await this.#info("memory")}`
    const field = (name: string): number => Number(new RegExp(`^${name}:(.*)$`, "m").exec(text)?.[1])
    return {
      cpu: (field("used_cpu_user") + field("used_cpu_sys")) * 1e9,
      commands: field("total_commands_processed"),
      bytesIn: field("total_net_input_bytes"),
      bytesOut: field("total_net_output_bytes"),
      memory: field("used_memory"),
    }
  }
}
