import { afterEach, describe, expect, it } from "vitest"
import { Socket, type Channel, type ChannelOptions } from "rookery"
import { Endpoint, MemoryCluster, MemoryHub } from "rookery/server"
import { settled, withFakeTime } from "../support/client.js"
import { inProcess } from "../support/in-process-transport.js"

withFakeTime()

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

interface Room {
  readonly channel: Channel
  readonly told: unknown[]
}

/** An endpoint with a room in which `before` was said, and what a new client of it hears. */
function house(before: number, cluster = false): { endpoint: Endpoint; enter(options: ChannelOptions): Promise<Room> } {
  const endpoint = new Endpoint({ logger: false, ...(cluster && { cluster: new MemoryCluster(new MemoryHub()) }) })
  endpoint.channel("room:*", { history: { size: 10, ttl: 60_000 } })
  for (let n = 1; n <= before; n++) void endpoint.broadcast("room:1", "n", n)
  return {
    endpoint,
    async enter(options) {
      const socket = new Socket("ws://example.test/socket", { transport: inProcess(endpoint) })
      sockets.push(socket)
      const channel = socket.channel("room:1", {}, options)
      const told: unknown[] = []
      channel.on("n", (payload) => told.push(payload))
      channel.onRecovered(({ recovered }) => told.push(recovered ? "recovered" : "lost"))
      socket.connect()
      channel.join()
      await settled()
      return { channel, told }
    },
  }
}

describe.each([
  ["one node", false],
  ["a cluster", true],
])("the first join of a topic on %s", (_name, cluster) => {
  it("a first join with rewind gets the last messages from before it, and then new ones", async () => {
    const { endpoint, enter } = house(5, cluster)
    const { told } = await enter({ recover: { rewind: 2 } })
    void endpoint.broadcast("room:1", "n", 6)
    await settled()
    expect(told).toEqual([4, 5, 6])
  })

  it("a first join with rewind gets as many messages as the history has", async () => {
    const { told } = await house(12, cluster).enter({ recover: { rewind: 100 } })
    expect(told).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it("a first join without rewind gets no messages from before it", async () => {
    const { told } = await house(5, cluster).enter({ recover: true })
    expect(told).toEqual([])
  })

  it("a first join with a position gets the messages after it", async () => {
    const { enter } = house(5, cluster)
    const { channel } = await enter({ recover: true })
    const epoch = channel.recovery?.epoch ?? ""
    const { told } = await enter({ recover: { epoch, offset: 3 } })
    expect(told).toEqual(["recovered", 4, 5])
    const { told: none } = await enter({ recover: { epoch, offset: 5 } })
    expect(none).toEqual(["recovered"])
  })

  it("a first join whose position is older than the history is told that messages are lost", async () => {
    const { enter } = house(5, cluster)
    const { told } = await enter({ recover: { epoch: "another", offset: 3 } })
    expect(told).toEqual(["lost"])
  })
})

describe("an endpoint", () => {
  it.each([-1, 1.5, "5", null, {}])("takes a rewind of %j for a param like any other", async (rewind) => {
    const { endpoint } = house(5)
    const frames: unknown[] = []
    const { send } = await endpoint.connectInProcess({
      params: { vsn: "2.0.0" },
      frame: (frame) => frames.push(JSON.parse(frame as string)),
      closed: () => {},
    })
    send(JSON.stringify(["1", "1", "room:1", "phx_join", { recover: { id: "a", rewind } }]))
    await settled()
    expect(frames).toEqual([["1", "1", "room:1", "phx_reply", { status: "ok", response: {} }]])
  })
})

describe("a channel that rewound at its first join", () => {
  it("hears after a lost connection what it missed, and nothing twice", async () => {
    const { endpoint, enter } = house(5)
    const { channel, told } = await enter({ recover: { rewind: 2 } })
    ;(channel.socket as Socket).disconnect()
    void endpoint.broadcast("room:1", "n", 6)
    ;(channel.socket as Socket).connect()
    await settled()
    expect(told).toEqual([4, 5, "recovered", 6])
  })

  it("does not rewind again when it is left and joined anew", async () => {
    const { channel, told } = await house(5).enter({ recover: { rewind: 1 } })
    channel.leave()
    channel.join()
    await settled()
    expect(told).toEqual([5])
  })
})
