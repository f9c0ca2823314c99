import { describe, expect, it } from "vitest"
import { followApp, type AppStateLike, type NetInfoLike } from "rookery/lifecycle"
import { after, joined, settled, withFakeTime } from "../support/client.js"

withFakeTime()

/** A source of events in the shape of `AppState`: a subscription that is removed. */
class FakeAppState implements AppStateLike {
  readonly listeners = new Set<(state: string) => void>()

  addEventListener(_type: "change", listener: (state: string) => void): { remove(): void } {
    this.listeners.add(listener)
    return { remove: () => this.listeners.delete(listener) }
  }

  become(...states: string[]): void {
    for (const state of states) for (const listener of this.listeners) listener(state)
  }
}

/** A source of events in the shape of NetInfo, which tells of the current state at once. */
class FakeNetInfo implements NetInfoLike {
  readonly listeners = new Set<(state: { isConnected: boolean | null }) => void>()

  addEventListener(listener: (state: { isConnected: boolean | null }) => void): () => void {
    this.listeners.add(listener)
    listener({ isConnected: true })
    return () => this.listeners.delete(listener)
  }

  become(...states: (boolean | null)[]): void {
    for (const isConnected of states) for (const listener of this.listeners) listener({ isConnected })
  }
}

interface App {
  readonly appState: FakeAppState
  readonly netInfo: FakeNetInfo
}

const WAKES: [name: string, wake: (app: App) => void][] = [
  ["comes to the foreground", ({ appState }) => appState.become("inactive", "background", "inactive", "active")],
  ["is online again", ({ netInfo }) => netInfo.become(false, null, true)],
]

const STAYS: [name: string, stay: (app: App) => void][] = [
  ["is inactive for a moment", ({ appState }) => appState.become("inactive", "active")],
  ["hears that it is online, which it was", ({ netInfo }) => netInfo.become(true, null, true)],
  ["goes to the background", ({ appState }) => appState.become("inactive", "background")],
]

async function followed(): Promise<Awaited<ReturnType<typeof joined>> & { app: App; stop: () => void }> {
  const all = await joined()
  const app = { appState: new FakeAppState(), netInfo: new FakeNetInfo() }
  return { ...all, app, stop: followApp(all.socket, app) }
}

describe.each(WAKES)("followApp, when the app %s", (_name, wake) => {
  it("replaces a connection that looks open and does not answer within two seconds", async () => {
    const { app, room, socket, stage } = await followed()
    stage.line.isDead = true
    wake(app)
    await after(2000)
    expect(socket.status).toBe("reconnecting")
    await after(200)
    expect([stage.lines.length, socket.status, room.state]).toEqual([2, "connected", "joined"])
  })

  it("keeps a connection that answers", async () => {
    const { app, socket, stage } = await followed()
    wake(app)
    await after(10_000)
    expect([stage.lines.length, stage.line.of("heartbeat").length, socket.status]).toEqual([1, 1, "connected"])
  })

  it("makes an attempt at once if the connection is lost", async () => {
    const { app, socket, stage } = await followed()
    stage.line.close(1012)
    expect(socket.status).toBe("reconnecting")
    wake(app)
    await settled()
    expect([stage.lines.length, socket.status]).toEqual([2, "connected"])
  })

  it("leaves a socket alone that was disconnected", async () => {
    const { app, socket, stage } = await followed()
    socket.disconnect()
    wake(app)
    await after(10_000)
    expect([stage.lines.length, socket.status]).toEqual([1, "disconnected"])
  })

  it("does nothing any more once it was ended", async () => {
    const { app, stage, stop } = await followed()
    stop()
    wake(app)
    expect([stage.line.of("heartbeat").length, app.appState.listeners.size, app.netInfo.listeners.size]).toEqual([
      0, 0, 0,
    ])
  })
})

describe.each(STAYS)("followApp, when the app %s", (_name, stay) => {
  it("asks nothing", async () => {
    const { app, stage } = await followed()
    stay(app)
    await settled()
    expect(stage.line.of("heartbeat")).toEqual([])
  })
})

describe("followApp", () => {
  it("takes an app without NetInfo", async () => {
    const { socket, stage } = await joined()
    const appState = new FakeAppState()
    followApp(socket, { appState })
    appState.become("background", "active")
    expect(stage.line.of("heartbeat")).toHaveLength(1)
  })
})
