import { afterAll, afterEach, beforeAll } from "vitest"
import { RedisServer } from "./redis-server.js"

/** The parts that the tests of a suite share. */
export interface RedisSuite {
  readonly server: RedisServer
  /** Steps that clean up after a test, run from the last to the first. */
  readonly undo: (() => unknown)[]
}

/** A Redis for all tests of a suite, which is running when each of them begins. */
export function redisSuite(): RedisSuite {
  let server: RedisServer | undefined
  const undo: (() => unknown)[] = []
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
    await server?.start()
  })
  return {
    undo,
    get server() {
      if (server === undefined) throw new Error("the Redis of a suite starts before its first test")
      return server
    },
  }
}
