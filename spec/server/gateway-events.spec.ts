import { describe, expect, it } from "vitest"
import { Endpoint, type AnyGatewayClient, type Gateway, type PassingGatewayMessage } from "rookery/server"
import { gatewayLine } from "../support/gateway-line.js"

/** An endpoint with two gateways. */
function served(): { endpoint: Endpoint; gateway: Gateway } {
  const endpoint = new Endpoint({ logger: false })
  const gateway = endpoint.gateway("/ws/", {
    connect: ({ params: { id } }) => ({ id: typeof id === "string" ? id : null }),
    onMessage: (data, client) => client.send(data),
  })
  endpoint.gateway("/other")
  return { endpoint, gateway }
}

describe("an endpoint with gateways", () => {
  it("has their clients, with path and time", async () => {
    const { endpoint, gateway } = served()
    expect(gateway.path).toBe("/ws")
    const before = Date.now()
    const line = await gatewayLine(endpoint, "/ws", "id=ada")
    await gatewayLine(endpoint, "/other")
    const clients = [...endpoint.gatewayClients()]
    expect(clients.map(({ id, path, address }) => [id, path, address])).toEqual([
      ["ada", "/ws", "192.0.2.1"],
      [null, "/other", "192.0.2.1"],
    ])
    expect(clients[0]?.connectedAt).toBeGreaterThanOrEqual(before)
    expect(clients[0]?.connectedAt).toBeLessThanOrEqual(Date.now())
    line.close(1000)
    expect([...endpoint.gatewayClients()]).toEqual(clients.slice(1))
  })

  it("tells who comes and goes, before the handlers of the gateway", async () => {
    const endpoint = new Endpoint({ logger: false })
    const told: string[] = []
    const tell = (what: string, client: AnyGatewayClient): void => void told.push(`${what} ${client.path}`)
    endpoint.on("gatewayClientConnected", ({ client }) => tell("connected", client))
    endpoint.on("gatewayClientClosed", ({ client, code }) => tell(`closed with ${code}`, client))
    endpoint.gateway("/ws", { onOpen: (client) => tell("open", client), onClose: (client) => tell("close", client) })
    const first = await gatewayLine(endpoint, "/ws")
    first.close(4000)
    const second = await gatewayLine(endpoint, "/ws")
    for (const client of endpoint.gatewayClients()) client.close(4001)
    expect(second.closedWith()).toBe(4001)
    const lifeOf = (code: number): string[] => ["connected /ws", "open /ws", `closed with ${code} /ws`, "close /ws"]
    expect(told).toEqual([...lifeOf(4000), ...lifeOf(4001)])
  })

  it("tells each message of their clients as it passes, and a broadcast once", async () => {
    const { endpoint, gateway } = served()
    const passed: PassingGatewayMessage[] = []
    const stop = endpoint.on("gatewayMessage", (message) => passed.push(message))
    const line = await gatewayLine(endpoint, "/ws", "id=ada")
    const other = await gatewayLine(endpoint, "/ws")
    line.send("hi")
    line.send(Uint8Array.of(1, 2))
    gateway.broadcast({ n: 1 })
    expect(
      passed.map(({ direction, path, client, data, recipients }) => [direction, path, client?.id, data, recipients]),
    ).toEqual([
      ["in", "/ws", "ada", "hi", undefined],
      ["out", "/ws", "ada", "hi", undefined],
      ["in", "/ws", "ada", Uint8Array.of(1, 2), undefined],
      ["out", "/ws", "ada", Uint8Array.of(1, 2), undefined],
      ["broadcast", "/ws", undefined, '{"n":1}', 2],
    ])
    stop()
    passed.splice(0)
    line.send("unheard")
    gateway.broadcast("unheard")
    expect([passed, other.got]).toEqual([[], ['{"n":1}', "unheard"]])
  })
})
