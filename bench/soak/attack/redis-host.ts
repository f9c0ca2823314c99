import { createClient } from "redis"
import type { Endpoint, EndpointOptions } from "rookery/server"
import { redis } from "rookery/redis"
import { LIMITS } from "./limits.js"

type Client = ReturnType<typeof connectTo>

const connectTo = (url: string) => createClient({ url, RESP: 2 })

/** The contents of a Redis. */
export interface RedisHeld {
  readonly bytes: number
  readonly keys: number
  /** The number of keys that never expire, without those of presences and of nodes. */
  readonly eternal: number
}

/** An endpoint that keeps its data in a Redis. */
export class Clustered {
  readonly port: number
  readonly #client: Client

  private constructor(port: number, client: Client) {
    this.port = port
    this.#client = client
  }

  static async start(url: string, make: (options: EndpointOptions) => Endpoint): Promise<Clustered> {
    const client = connectTo(url)
    await client.connect()
    const endpoint = make({ limits: LIMITS, cluster: redis(client) })
    const { port } = await endpoint.listen({ port: 0, host: "127.0.0.1", backlog: 4096 })
    return new Clustered(port, client)
  }

  async held(): Promise<RedisHeld> {
    const [, bytes = "0"] = /used_memory:(\d+)/.exec(await this.#client.info("memory")) ?? []
    let [keys, eternal] = [0, 0]
    for await (const found of this.#client.scanIterator({ COUNT: 1000 })) {
      for (const key of found) {
        keys++
        if (!/:nodes$|:node:|:p$/.test(key) && (await this.#client.ttl(key)) === -1) eternal++
      }
    }
    return { bytes: Number(bytes), keys, eternal }
  }
}
