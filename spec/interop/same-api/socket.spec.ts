import { describe, vi } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"

describe("connect and disconnect", () => {
  compareOn([
    same("connecting twice opens one websocket", async (t) => {
      const socket = t.socket()
      t.seeSocket(socket)
      socket.connect()
      socket.connect()
      await t.after(5)
      socket.connect()
      await t.after(5)
    }),
    same("nothing is connected before connect()", (t) => {
      const socket = t.socket()
      t.note("state", socket.connectionState(), socket.isConnected())
    }),
    same("disconnect closes without a code, and calls back", async (t) => {
      const { socket, room } = await t.joined()
      t.seeSocket(socket)
      t.seeChannel(room)
      socket.disconnect(t.see("disconnected"))
      t.note("state", socket.connectionState(), room.state)
      await t.after(1000)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("disconnect passes a code and a reason on", async (t) => {
      const socket = await t.connected()
      t.seeSocket(socket)
      socket.disconnect(t.see("disconnected"), 4000, "bye")
      await t.after(1000)
    }),
    differs(
      "disconnect while bytes are not sent yet",
      {
        why: "a websocket sends its buffered data before it closes, and a page that is unloading cannot wait",
        phoenix: ["disconnect was called", "149 ms later", 'closes 1005 ""', "disconnected"],
        rookery: ['closes 1005 ""', "disconnect was called", "disconnected", "149 ms later"],
      },
      async (t) => {
        const socket = await t.connected()
        t.server.socket.bufferedAmount = 1
        t.forget()
        socket.disconnect(t.see("disconnected"))
        t.note("disconnect was called")
        await t.after(149)
        t.note("149 ms later")
        await t.after(5000)
      },
    ),
    same("disconnect without a connection calls back at once", (t) => {
      t.socket().disconnect(t.see("disconnected"))
      t.note("after the call")
    }),
    same("a disconnected socket stays disconnected", async (t) => {
      const socket = await t.connected()
      socket.disconnect()
      await t.after(60_000)
      t.note("state", socket.connectionState())
    }),
    same("disconnect while connecting ends the attempt", async (t) => {
      const socket = t.socket()
      t.seeSocket(socket)
      socket.connect()
      socket.disconnect(t.see("disconnected"))
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
    same("disconnect while waiting for the next attempt ends the trying", async (t) => {
      const socket = await t.connected()
      t.server.refuses = 100
      t.server.socket.closeFromServer(1006)
      await t.after(400)
      socket.disconnect(t.see("disconnected"))
      t.note("disconnect was called")
      await t.after(60_000)
    }),
    same("connecting again right after disconnect opens a new websocket, and rooms join again", async (t) => {
      const { socket, room } = await t.joined()
      t.seeSocket(socket)
      t.seeChannel(room)
      socket.disconnect()
      socket.connect()
      await t.after(1000)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("connecting again in the callback of disconnect connects once", async (t) => {
      const { socket, room } = await t.joined()
      socket.disconnect(() => socket.connect())
      await t.after(1000)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("connecting again in onClose connects once", async (t) => {
      const { socket, room } = await t.joined()
      socket.onClose(() => socket.connect())
      t.server.socket.closeFromServer(1006)
      await t.after(1000)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("disconnecting in onOpen leaves it disconnected", async (t) => {
      const socket = t.socket()
      socket.onOpen(() => socket.disconnect(t.see("disconnected")))
      socket.connect()
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
    same("params given to connect(), which is deprecated, are taken", (t) => {
      const log = vi.spyOn(console, "log").mockImplementation(() => t.note("the console is told"))
      t.socket({ params: { a: 1 } }).connect({ b: 2 })
      log.mockRestore()
    }),
    differs(
      "connect() while waiting for the next attempt",
      {
        why: "the caller wants a connection now",
        phoenix: ['state "closed"'],
        rookery: ["connect ws://example.test/socket/websocket?vsn=2.0.0", 'state "connecting"'],
      },
      async (t) => {
        const socket = await t.connected({ reconnectAfterMs: () => 5000 })
        t.server.socket.closeFromServer(1006)
        await t.after(1000)
        t.forget()
        socket.connect()
        t.note("state", socket.connectionState())
      },
    ),
    same("connecting again later joins again", async (t) => {
      const { socket, room } = await t.joined()
      socket.disconnect()
      await t.after(1000)
      socket.connect()
      await t.after(10)
      t.note("state", socket.connectionState(), room.state)
    }),
  ])
})

describe("onOpen, onClose, onError, onMessage and off", () => {
  compareOn([
    same("handlers are called in the order of their registration", async (t) => {
      const socket = t.socket()
      for (const name of ["first", "second"]) {
        socket.onOpen(t.see(`${name} open`))
        socket.onClose(({ code }) => t.note(`${name} close`, code))
      }
      socket.connect()
      await t.after(5)
      t.server.socket.closeFromServer(1011)
    }),
    same("onOpen is called without arguments, after what was waiting was sent", async (t) => {
      const socket = t.socket()
      socket.onOpen(t.see("open"))
      socket.channel("room:1").join()
      socket.connect()
      await t.after(5)
    }),
    same("onClose is called with the close event", async (t) => {
      const socket = await t.connected()
      socket.onClose((event, ...more) => t.note("close", { ...event }, more))
      t.server.socket.closeFromServer(1012, "restart")
    }),
    same("onError is called with the error, the transport, and how many connections there were", async (t) => {
      t.server.refuses = 1
      const socket = t.socket()
      socket.onError((error, transport, established) =>
        t.note("error", error.type, transport === t.server.WebSocket, established),
      )
      socket.connect()
      await t.after(50)
      t.server.socket.fail()
      await t.after(50)
    }),
    same("onMessage sees every message, after the channel did", async (t) => {
      const { socket, room } = await t.joined()
      socket.onMessage(t.see("message"))
      room.on("hello", t.see("hello"))
      t.server.push("room:1", "hello", { a: 1 })
      t.server.broadcast("room:nobody", "hello", { b: 2 })
    }),
    same("each gives another ref, and off takes any number of them", async (t) => {
      const socket = t.socket()
      const refs = [socket.onOpen(t.see("open")), socket.onClose(t.see("close")), socket.onError(t.see("error"))]
      t.note("refs", new Set(refs).size, typeof refs[0])
      const message = socket.onMessage(t.see("message"))
      socket.onOpen(t.see("another open"))
      socket.off([...refs, message])
      socket.connect()
      await t.after(5)
      t.server.broadcast("room:1", "hello")
      t.server.socket.fail()
      await t.after(5)
    }),
    same("a handler may take itself off", async (t) => {
      const { socket } = await t.joined()
      const ref = socket.onMessage(() => {
        t.note("once")
        socket.off([ref])
      })
      socket.onMessage(t.see("always"))
      t.server.broadcast("room:1", "hello")
      t.server.broadcast("room:1", "hello")
    }),
  ])
})

describe("what can be asked", () => {
  compareOn([
    same("isConnected and connectionState follow the websocket", async (t) => {
      const socket = t.socket()
      const note = (when: string): void => t.note(when, socket.connectionState(), socket.isConnected())
      socket.connect()
      note("connecting")
      await t.after(5)
      note("open")
      socket.disconnect()
      note("closing")
      await t.after(5)
      note("closed")
    }),
    same("endPointURL gives the whole URL of the websocket", (t) => {
      vi.stubGlobal("location", new URL("https://app.example:8443/page"))
      for (const endpoint of ["/socket", "//other.example/socket", "ws://plain.example/socket", "wss://x.example/s"]) {
        t.note(endpoint, t.socket({ params: { a: 1 } }, endpoint).endPointURL())
      }
    }),
    same("protocol follows the page", (t) => {
      const socket = t.socket()
      for (const page of ["http://app.example/", "https://app.example/deep/page"]) {
        vi.stubGlobal("location", new URL(page))
        t.note(page, socket.protocol(), t.socket({}, "/socket").endPointURL())
      }
    }),
    same("the pages of an app, which come by neither http nor https, connect by ws", (t) => {
      for (const [page, endpoint] of [
        ["capacitor://localhost/index.html", "/socket"],
        ["capacitor://localhost/index.html", "//api.example/socket"],
        ["file:///app/index.html", "//api.example/socket"],
      ] as const) {
        vi.stubGlobal("location", new URL(page))
        t.note(page, t.socket({}, endpoint).endPointURL())
      }
    }),
    differs(
      "an endpoint that begins with http",
      {
        why: "it means a websocket to that host, and older browsers accept only a ws URL",
        phoenix: ['url "https://a.example/socket/websocket?vsn=2.0.0"'],
        rookery: ['url "wss://a.example/socket/websocket?vsn=2.0.0"'],
      },
      (t) => t.note("url", t.socket({}, "https://a.example/socket").endPointURL()),
    ),
    same("makeRef counts up, in strings", (t) => {
      const socket = t.socket()
      const [first, second] = [socket.makeRef(), socket.makeRef()]
      t.note("refs", typeof first, Number(second) - Number(first))
    }),
    same("ping tells the round trip, and gives true", async (t) => {
      const socket = await t.connected()
      t.note("ping", socket.ping(t.see("rtt")))
      await t.after(5)
    }),
    same("ping gives false without a connection", (t) => {
      t.note("ping", t.socket().ping(t.see("rtt")))
    }),
    same("a ping whose connection went is never answered", async (t) => {
      const socket = await t.connected()
      t.server.silent = true
      t.note("ping", socket.ping(t.see("rtt")))
      t.server.socket.closeFromServer(1006)
      await t.after(1000)
    }),
    same("push sends a message of one's own", async (t) => {
      const socket = await t.connected()
      socket.onMessage(t.see("message"))
      socket.push({ topic: "phoenix", event: "heartbeat", payload: {}, ref: socket.makeRef(), join_ref: null })
      await t.after(5)
    }),
    same("push waits for the connection", async (t) => {
      const socket = t.socket()
      socket.push({ topic: "room:1", event: "hello", payload: { a: 1 }, ref: socket.makeRef(), join_ref: null })
      t.note("not sent")
      socket.connect()
      await t.after(5)
    }),
    differs(
      "what getLongPollTransport gives",
      {
        why: "replaceTransport accepts it, and a page that never uses the class does not bundle it",
        phoenix: ["LongPoll true"],
        rookery: ["LongPoll false"],
      },
      (t) => t.note(`LongPoll ${t.socket().getLongPollTransport() === t.library.LongPoll}`),
    ),
  ])
})
