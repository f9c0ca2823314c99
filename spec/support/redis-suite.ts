import { afterAll, afterEach, beforeAll } from "vitest"
import { RedisServer } from "./redis-server.js"

/** What the tests of a suite share. */
export interface RedisSuite {
  readonly server: RedisServer
  /** What is to be undone after a test, the last of it first. */
  readonly undo: (() => unknown)[]
}

/** A Redis for all tests of a suite, which runs at the beginning of each. */
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
      if (server === undefined) throw new Error("the Redis of a suite is there from its first test on")
      return server
    },
  }
}
