import { describe, expect, it, vi } from "vitest"
import { ConnectError, type StatusChange } from "rookery"
import { after, fate, settled, staged, withFakeTime } from "../support/client.js"

withFakeTime()

describe("an attempt that nobody answers", () => {
  it("is given up after twenty seconds, is told, and is made again", async () => {
    const { socket, stage, errors } = staged({}, { plays: false })
    const changes: StatusChange[] = []
    socket.onStatus((_status, change) => changes.push(change))
    socket.connect()
    await after(19_999)
    expect([socket.status, errors.length]).toEqual(["connecting", 0])
    await after(1)
    expect(errors).toEqual([expect.any(ConnectError)])
    expect(stage.lines[0]?.closedByClient).toBeDefined()
    expect(changes.at(-1)).toMatchObject({ tries: 1, lost: { code: 1006, error: { code: "connect_failed" } } })
    await after(100)
    expect(stage.lines).toHaveLength(2)
    stage.line.open()
    // The answer to the first comes too late.
    stage.lines[0]?.open()
    stage.lines[0]?.close()
    expect(socket.status).toBe("connected")
  })

  it("rejects who waits for it, when the trying is over", async () => {
    const { socket } = staged({ maxReconnectAttempts: 0 }, { plays: false })
    socket.connect()
    const opened = socket.opened()
    opened.catch(() => {})
    await after(20_000)
    expect(await fate(opened)).toBe("connect_failed")
    expect([socket.status, vi.getTimerCount()]).toEqual(["disconnected", 0])
  })

  it("is the last one where a handler of the error disconnects", async () => {
    const { socket, stage } = staged({}, { plays: false })
    const closed = vi.fn()
    socket.onError(() => socket.disconnect(closed))
    socket.connect()
    await after(20_000)
    expect(closed).toHaveBeenCalledOnce()
    await after(60_000)
    expect([socket.status, stage.lines.length, vi.getTimerCount()]).toEqual(["disconnected", 1, 0])
  })

  it("may take longer to find out its params", async () => {
    let give = (_params: object): void => {}
    const { socket, errors } = staged({ params: () => new Promise<object>((resolve) => (give = resolve)) })
    socket.connect()
    await after(60_000)
    give({})
    await settled()
    expect([socket.status, errors]).toEqual(["connected", []])
  })

  it.each(["opens", "is disconnected", "is destroyed"])("leaves no timer once the socket %s", async (what) => {
    const { socket, stage } = staged({ heartbeatIntervalMs: 1e9 }, { plays: false })
    socket.connect()
    if (what === "opens") stage.line.open()
    else if (what === "is disconnected") socket.disconnect()
    else socket.destroy()
    await after(60_000)
    // The heartbeat's.
    expect(vi.getTimerCount()).toBe(what === "opens" ? 1 : 0)
  })
})

it("ping counts by a clock that nobody sets", async () => {
  const { socket, stage } = staged()
  socket.connect()
  await settled()
  const seen: number[] = []
  const beat = (): void => {
    socket.ping((rtt) => seen.push(rtt))
  }
  beat()
  vi.setSystemTime(Date.now() - 86_400_000)
  await after(5)
  stage.line.reply(stage.line.last("heartbeat"))
  expect(seen.every((rtt) => rtt >= 0 && rtt < 1000)).toBe(true)
  expect(seen.length).toBeGreaterThan(0)
})
