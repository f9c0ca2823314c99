import { describe, expect, it } from "vitest"
import { after, joined, settled, withFakeTime } from "../support/client.js"
import { FakePage } from "../support/fake-page.js"

withFakeTime()

const WAKES: [name: string, wake: (page: FakePage) => void][] = [
  [
    "is shown again",
    (page) => {
      page.hide()
      page.show()
    },
  ],
  [
    "is thawed, of which only `resume` tells",
    (page) => {
      page.hide()
      page.resume()
    },
  ],
  ["is online again", (page) => page.goOnline()],
]

describe.each(WAKES)("a connection that looks open when its page %s", (_name, wake) => {
  it("is replaced, and its rooms join again, if the server does not answer a heartbeat within two seconds", async () => {
    const page = new FakePage()
    const { socket, stage, room } = await joined()
    stage.line.isDead = true
    wake(page)
    expect(stage.line.of("heartbeat")).toHaveLength(1)
    await after(1999)
    expect([stage.lines.length, socket.status]).toEqual([1, "connected"])
    await after(1)
    expect(socket.status).toBe("reconnecting")
    await after(200)
    expect([stage.lines.length, socket.status, room.state]).toEqual([2, "connected", "joined"])
  })

  it("is kept if the server answers, and the next heartbeat comes an interval later", async () => {
    const page = new FakePage()
    const { socket, stage } = await joined({ wakeTimeoutMs: 500 })
    wake(page)
    await after(29_999)
    expect([stage.lines.length, stage.line.of("heartbeat").length]).toEqual([1, 1])
    await after(1)
    expect([stage.lines.length, stage.line.of("heartbeat").length, socket.status]).toEqual([1, 2, "connected"])
  })

  it("is given the short time for a heartbeat that was sent before, too", async () => {
    const page = new FakePage()
    const { socket, stage } = await joined()
    stage.line.isDead = true
    await after(30_000)
    wake(page)
    expect(stage.line.of("heartbeat")).toHaveLength(1)
    await after(2000)
    expect(socket.status).toBe("reconnecting")
  })
})

describe("a connection of a page", () => {
  it("is asked nothing while the page is hidden, nor by the first `pageshow`", async () => {
    const page = new FakePage()
    const { stage } = await joined()
    page.comeBack()
    page.hide()
    page.goOnline()
    await settled()
    expect(stage.line.of("heartbeat")).toEqual([])
  })
})
