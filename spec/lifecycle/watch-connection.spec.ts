import { describe, expect, it } from "vitest"
import type { Socket } from "rookery"
import { watchConnection, type WatchOptions } from "rookery/lifecycle"
import { after, joined, settled, staged, withFakeTime } from "../support/client.js"

withFakeTime()

function watched(socket: Socket, options?: WatchOptions): { told: string[]; stop: () => void } {
  const told: string[] = []
  return { told, stop: watchConnection(socket, (health) => told.push(health), options) }
}

describe("watchConnection", () => {
  it("is silent about a connection that is back in a moment", async () => {
    const { socket, stage } = await joined()
    const { told } = watched(socket)
    stage.line.close()
    await after(20_000)
    expect([socket.status, told]).toEqual(["connected", []])
  })

  it("tells of one that is lost for longer, once, and when it is back", async () => {
    const { socket, stage } = await joined()
    const { told } = watched(socket, { lostAfterMs: 3000 })
    stage.plays = false
    stage.line.close()
    await after(2999)
    expect(told).toEqual([])
    await after(1)
    expect(told).toEqual(["lost"])
    await after(60_000)
    stage.plays = true
    stage.line.close()
    await after(10_000)
    expect([socket.status, told]).toEqual(["connected", ["lost", "ok"]])
  })

  it("tells of a first connection that does not come, and of one that is watched while it is lost", async () => {
    const { socket } = staged({}, { plays: false })
    const first = watched(socket)
    socket.connect()
    await settled()
    const second = watched(socket, { lostAfterMs: 100 })
    await after(5000)
    expect([first.told, second.told]).toEqual([["lost"], ["lost"]])
    socket.destroy()
  })

  it("tells when the socket gives up, and when it is connected by hand", async () => {
    const { socket, stage } = await joined({ maxReconnectAttempts: 2 })
    const { told } = watched(socket)
    stage.plays = false
    stage.line.close()
    for (let i = 0; i < 2; i++) {
      await after(100)
      stage.line.close()
    }
    expect([socket.status, told]).toEqual(["disconnected", ["failed"]])
    stage.plays = true
    socket.connect()
    await settled()
    expect(told).toEqual(["failed", "ok"])
  })

  it.each(["while it is connected", "while it is lost", "before it is known to be lost"])(
    "does not take a disconnect %s for a failure",
    async (when) => {
      const { socket, stage } = await joined()
      const { told } = watched(socket, { lostAfterMs: 1000 })
      if (when !== "while it is connected") {
        stage.plays = false
        stage.line.close()
        await after(when === "while it is lost" ? 1000 : 500)
      }
      socket.disconnect()
      await after(10_000)
      expect(told).toEqual(when === "while it is lost" ? ["lost", "ok"] : [])
    },
  )

  it.each([
    ["between two attempts", 1000],
    ["during an attempt", 3000],
  ])("does not take a disconnect %s for a failure when it began to watch in between", async (_when, retryInMs) => {
    const { socket, stage } = await joined({ reconnectAfterMs: () => 2000 })
    stage.plays = false
    stage.line.close()
    const { told } = watched(socket, { lostAfterMs: 500 })
    await after(retryInMs)
    expect(told).toEqual(["lost"])
    socket.disconnect()
    await settled()
    expect(told).toEqual(["lost", "ok"])
    await after(10_000)
    expect(told).toEqual(["lost", "ok"])
  })

  it("tells when the socket gives up with the first attempt after it began to watch", async () => {
    const { socket, stage } = await joined({ maxReconnectAttempts: 1, reconnectAfterMs: () => 1000 })
    stage.plays = false
    stage.line.close()
    const { told } = watched(socket, { lostAfterMs: 500 })
    await after(1000)
    stage.line.close()
    await settled()
    expect([socket.status, told]).toEqual(["disconnected", ["lost", "failed"]])
  })

  it("is silent once it was ended", async () => {
    const { socket, stage } = await joined()
    const { told, stop } = watched(socket)
    stage.plays = false
    stage.line.close()
    stop()
    await after(10_000)
    expect(told).toEqual([])
    socket.destroy()
  })
})
