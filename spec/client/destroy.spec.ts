import { describe, expect, it, vi } from "vitest"
import type { Link, Transport } from "rookery"
import { fate, joined, settled, staged, withFakeTime } from "../support/client.js"

withFakeTime()

const destroyed: unknown = expect.objectContaining({ code: "destroyed" })

describe("destroying a socket", () => {
  it("a destroyed socket leaves no timer of a connection that still closes while a new one opens", async () => {
    const link: Link = { send() {}, close() {}, bufferedAmount: 0 }
    // The other end never hears of the close.
    const transport: Transport = { name: "deaf", open: () => link }
    const { socket } = staged({ transport })
    const closed = vi.fn()
    socket.connect()
    socket.disconnect(closed)
    socket.connect()
    socket.destroy()
    expect(vi.getTimerCount()).toBe(0)
    expect(closed).toHaveBeenCalledOnce()
  })

  it("comes to an end where a handler joins again whenever its room is closed", async () => {
    const { room, socket, errors } = await joined()
    const closes = vi.fn(() => void room.join())
    room.onClose(closes)
    socket.destroy()
    expect(closes).toHaveBeenCalledOnce()
    expect(errors).toEqual([destroyed])
    expect(room.state).toBe("closed")
    expect(vi.getTimerCount()).toBe(0)
  })

  it("leaves no timer of what a handler pushes meanwhile", async () => {
    const { room, socket } = await joined()
    socket.onStatus(() => void room.push("late"))
    socket.destroy()
    expect(vi.getTimerCount()).toBe(0)
  })

  it("within its own handlers is done once, and leaves no timer either", async () => {
    const { socket } = await joined()
    socket.onStatus(() => socket.destroy())
    socket.destroy()
    expect(socket.status).toBe("disconnected")
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe("a socket that was destroyed", () => {
  it("joins nothing, and says so", async () => {
    const { room, socket } = await joined()
    socket.destroy()
    expect(() => room.join()).toThrow(destroyed)
    expect(() => socket.subscribe("room:2", {})).toThrow(destroyed)
    await expect(socket.join("room:3")).rejects.toEqual(destroyed)
    expect(vi.getTimerCount()).toBe(0)
  })

  it("fails a push at once and starts no timer for it", async () => {
    const { room, socket } = await joined()
    socket.destroy()
    expect(await fate(room.push("e"))).toBe("channel_closed")
    expect(vi.getTimerCount()).toBe(0)
  })

  it("does not let anybody wait for a connection", async () => {
    const { socket } = await joined()
    socket.destroy()
    await expect(socket.opened()).rejects.toEqual(destroyed)
    await settled()
    expect(vi.getTimerCount()).toBe(0)
  })
})
