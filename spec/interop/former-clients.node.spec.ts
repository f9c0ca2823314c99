import type { Channel, Push, PushStatus, Socket } from "phoenix"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { FORMER_PHOENIX } from "../support/former-phoenix.js"
import { startInteropApp, type InteropApp } from "../support/interop-app.js"

let app: InteropApp
const sockets: Socket[] = []
beforeEach(async () => {
  app = await startInteropApp()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect()
  await app.close()
})

const answered = (push: Push): Promise<[status: string, response: unknown]> =>
  new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout", "busy"] as PushStatus[])
      push.receive(status, (response) => resolve([status, response]))
  })

const heard = (room: Channel, event: string): Promise<unknown> => new Promise((resolve) => void room.on(event, resolve))

describe.each(FORMER_PHOENIX)("phoenix %s", (_version, library) => {
  describe.each([
    ["websocket", "/socket", WebSocket],
    ["long-poll", "/polled", library.LongPoll],
  ])("over %s", (_way, path, transport) => {
    const enter = (user: string): Socket => {
      const options = { transport, params: { user }, reconnectAfterMs: () => 10, rejoinAfterMs: () => 10 }
      const socket = new library.Socket(`ws://127.0.0.1:${app.port}${path}`, options)
      sockets.push(socket)
      socket.connect()
      return socket
    }

    it("joins, is refused, and has its pushes answered with any status", async () => {
      const socket = enter("ada")
      const room = socket.channel("room:1", {})
      expect(await answered(room.join())).toEqual(["ok", { topic: "room:1" }])
      expect(await answered(room.push("echo", { a: [1, null, "ü"] }))).toEqual(["ok", { a: [1, null, "ü"] }])
      expect(await answered(room.push("fail", {}))).toEqual(["error", { reason: "nope" }])
      expect(await answered(room.push("custom_status", {}))).toEqual(["busy", { retry: 1 }])
      const denied = socket.channel("room:denied", {})
      expect(await answered(denied.join())).toEqual(["error", { reason: "unauthorized" }])
      denied.leave()
    })

    it("hears broadcasts of others, and what only it is told", async () => {
      const [ada, bob] = [enter("ada").channel("room:1", {}), enter("bob").channel("room:1", {})]
      for (const room of [ada, bob]) await answered(room.join())
      const [toAda, toBob] = [heard(ada, "shout"), heard(bob, "shout")]
      expect(await answered(ada.push("shout", { from: "ada" }))).toEqual(["ok", {}])
      expect(await Promise.all([toAda, toBob])).toEqual([{ from: "ada" }, { from: "ada" }])
      const pushed = heard(bob, "pushed")
      bob.push("push_me", { only: "bob" })
      expect(await pushed).toEqual({ only: "bob" })
    })

    it("sees who is there, who comes and who goes", async () => {
      const [ada, bob] = [enter("ada").channel("presence:1", {}), enter("bob").channel("presence:1", {})]
      let state: object = {}
      let look = (): void => {}
      const seen = (names: string): Promise<void> =>
        new Promise((resolve) => {
          look = () => {
            if (Object.keys(state).toSorted().join() === names) resolve()
          }
          look()
        })
      ada.on("presence_state", (sent) => {
        state = library.Presence.syncState(state, sent)
        look()
      })
      ada.on("presence_diff", (diff) => {
        state = library.Presence.syncDiff(state, diff)
        look()
      })
      await answered(ada.join())
      await seen("ada")
      await answered(bob.join())
      await seen("ada,bob")
      bob.leave()
      await seen("ada")
      expect(app.endpoint.counters().rookery_channels).toBe(1)
    })

    it("joins again after a crash, and leaves", async () => {
      const room = enter("ada").channel("room:1", {})
      await answered(room.join())
      const crashed = new Promise((resolve) => room.onError(resolve))
      room.push("crash", {})
      await crashed
      expect(await answered(room.push("echo", { back: 1 }))).toEqual(["ok", { back: 1 }])
      // The client treats its own leave as answered at once.
      const left = new Promise((resolve) => app.endpoint.on("channelEnded", ({ reason }) => resolve(reason)))
      room.leave()
      expect(await left).toEqual({ kind: "left" })
    })
  })
})
