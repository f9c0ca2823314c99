import { describe } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"

describe("a page that is hidden and shown", () => {
  compareOn([
    same("while it is hidden a lost connection is not tried again; once shown it is, at once", async (t) => {
      const page = t.page()
      const { socket, room } = await t.joined()
      t.seeSocket(socket)
      t.seeChannel(room)
      page.hide()
      t.server.socket.closeFromServer(1006)
      await t.after(60_000)
      t.note("still hidden", socket.connectionState())
      page.show()
      t.note("shown", socket.connectionState())
      await t.after(10)
      t.note("state", socket.connectionState(), room.state)
    }),
    differs(
      "a connection that looks open",
      {
        why: "a connection often dies while a page is hidden; the server has two seconds to answer a heartbeat",
        phoenix: ['state "joined"'],
        rookery: ['-> null #1 "phoenix" "heartbeat" {}', 'state "joined"'],
      },
      async (t) => {
        const page = t.page()
        const { room } = await t.joined()
        page.hide()
        await t.after(1000)
        t.forget()
        page.show()
        await t.after(1000)
        t.note("state", room.state)
      },
    ),
    same("showing it does not connect what never was, or was disconnected", async (t) => {
      const page = t.page()
      t.socket()
      const socket = await t.connected()
      socket.disconnect()
      await t.after(1000)
      page.hide()
      page.show()
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
    same("showing it does not wait for the next attempt", async (t) => {
      const page = t.page()
      const socket = await t.connected({ reconnectAfterMs: () => 5000 })
      t.server.socket.closeFromServer(1006)
      await t.after(100)
      page.hide()
      page.show()
      await t.after(10_000)
      t.note("state", socket.connectionState())
    }),
    differs(
      "showing it while an attempt is under way",
      {
        why: "nothing indicates that the attempt is stuck",
        phoenix: ["socket close 1006", "connect ws://example.test/socket/websocket?vsn=2.0.0", 'state "open"'],
        rookery: ['state "open"'],
      },
      async (t) => {
        const page = t.page()
        const socket = t.socket()
        socket.onClose(({ code }) => t.note(`socket close ${code}`))
        page.hide()
        socket.connect()
        t.forget()
        page.show()
        await t.after(1000)
        t.note("state", socket.connectionState())
      },
    ),
    same("a page that is thawed counts as shown, once", async (t) => {
      const page = t.page()
      const socket = await t.connected()
      page.hide()
      t.server.socket.closeFromServer(1006)
      await t.after(1000)
      page.resume()
      page.show()
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
  ])
})

describe("a page that goes away and comes back", () => {
  compareOn([
    same("it is disconnected, and connected again, and its rooms join again", async (t) => {
      const page = t.page()
      const { socket, room } = await t.joined()
      t.seeSocket(socket)
      t.seeChannel(room)
      page.goAway()
      await t.after(60_000)
      t.note("away", socket.connectionState(), room.state)
      page.comeBack()
      await t.after(10)
      t.note("back", socket.connectionState(), room.state)
    }),
    same("coming back does not connect what was disconnected before", async (t) => {
      const page = t.page()
      const socket = await t.connected()
      socket.disconnect()
      await t.after(1000)
      page.goAway()
      page.comeBack()
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
    same("the first pageshow of a page does nothing", async (t) => {
      const page = t.page()
      t.socket()
      page.comeBack()
      const socket = await t.connected()
      page.comeBack()
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
    same("a connect() of one's own in between is not repeated", async (t) => {
      const page = t.page()
      const socket = await t.connected()
      page.goAway()
      await t.after(1000)
      socket.connect()
      await t.after(1000)
      page.comeBack()
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
  ])
})

describe("a page that is online again", () => {
  compareOn([
    differs(
      "a lost connection",
      {
        why: "the earlier attempts failed because the network was down",
        phoenix: ['state "closed"'],
        rookery: ["connect ws://example.test/socket/websocket?vsn=2.0.0", 'state "connecting"'],
      },
      async (t) => {
        const page = t.page()
        const socket = await t.connected({ reconnectAfterMs: () => 5000 })
        t.server.socket.closeFromServer(1006)
        t.forget()
        page.goOnline()
        t.note("state", socket.connectionState())
      },
    ),
  ])
})
