import { describe, expect, it, vi } from "vitest"
import { Socket } from "rookery"
import { Cable } from "rookery/panel"
import { Endpoint } from "rookery/server"
import { inProcess } from "../support/in-process-transport.js"

describe("Cable", () => {
  it("loses connections while it is cut, and loses no message of a channel that recovers", async () => {
    const endpoint = new Endpoint({ logger: false })
    endpoint.channel("room:*", { history: { size: 10, ttl: 60_000 } })
    const cable = new Cable()
    const socket = new Socket("ws://node.test/socket", {
      transport: cable.over(inProcess(endpoint)),
      reconnectAfterMs: () => 0,
    })
    const errors: unknown[] = []
    socket.onError((error) => errors.push(error))
    socket.connect()
    const room = socket.channel("room:1", {}, { recover: true })
    const heard: unknown[] = []
    room.on("said", ({ n }: { n: number }) => heard.push(n))
    await room.join()
    await endpoint.broadcast("room:1", "said", { n: 1 })
    await vi.waitFor(() => expect(heard).toEqual([1]))

    cable.cut()
    expect(cable.isCut).toBe(true)
    expect(socket.status).toBe("reconnecting")
    await endpoint.broadcast("room:1", "said", { n: 2 })
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1))
    expect(errors[0]).toEqual(new Error("the cable is cut"))
    expect(socket.isConnected()).toBe(false)
    expect(heard).toEqual([1])

    cable.mend()
    await vi.waitFor(() => expect(heard).toEqual([1, 2]))
    expect(socket.status).toBe("connected")
    socket.destroy()
  })
})
