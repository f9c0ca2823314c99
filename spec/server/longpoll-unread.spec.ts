import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import type { EndpointOptions, LimitName } from "rookery/server"
import { PollClient } from "../support/poll-client.js"
import { stages } from "../support/stage.js"
import { answer } from "../support/wire-client.js"

const stage = stages()
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** More than the buffers of the system take of one connection. */
const LARGE = 7_000_000

async function served(options: EndpointOptions = {}): Promise<{
  client: PollClient
  hits: LimitName[]
  hit: Promise<LimitName>
  /** Asks for a long answer, and for what there is to tell, over a connection of which nothing is read. */
  pollUnread(): Promise<Socket>
}> {
  const hits: LimitName[] = []
  let told: (limit: LimitName) => void
  const hit = new Promise<LimitName>((resolve) => (told = resolve))
  const { port } = await stage(options, (endpoint) => {
    endpoint.on("limitHit", ({ limit }) => {
      hits.push(limit)
      told(limit)
    })
    endpoint.channel("room:*", { receive: { long: () => "x".repeat(LARGE) } })
  })
  const client = await PollClient.connect(port)
  await client.join("room:1")
  return {
    client,
    hits,
    hit,
    async pollUnread() {
      await client.send("1", "2", "room:1", "long", {})
      const socket = connectTcp({ port, host: "127.0.0.1" })
      sockets.push(socket)
      socket.on("error", () => {})
      socket.write(
        `GET ${client.path} HTTP/1.1\r\nhost: localhost\r\nx-phoenix-longpoll-token: ${client.token}\r\n\r\n`,
      )
      await once(socket, "readable")
      return socket
    },
  }
}

describe("answers of a long-poll that nobody reads", () => {
  it("count as bytes that wait for the client, and end the session and their connections", async () => {
    const { client, hit, pollUnread } = await served()
    const first = await pollUnread()
    expect(await client.send("1", "3", "room:1", "long", {})).toBe(410)
    expect(await hit).toBe("queuedBytes")
    first.resume()
    await once(first, "close")
    expect(await client.send("1", "4", "room:1", "long", {})).toBe(410)
  })

  it("count no longer than their connection, which ends when they take too long", async () => {
    const { client, hits, hit, pollUnread } = await served({ limits: { messageMs: 3000 } })
    const first = await pollUnread()
    expect(await hit).toBe("messageMs")
    first.resume()
    await once(first, "close")
    expect(await client.send("1", "4", "room:1", "long", {})).toBe(200)
    expect(hits).not.toContain("queuedBytes")
  })

  it("do not count any more once they are read", async () => {
    const { client, hits } = await served()
    for (let index = 0; index < 2; index++) {
      await client.send("1", "2", "room:1", "long", {})
      expect(answer(await client.next())).toMatchObject({ status: "ok" })
    }
    expect(hits).toEqual([])
  })
})
