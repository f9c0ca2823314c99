import type { Scenario } from "../support/wire-driver.js"

/** The steps of the app in each recording of the official client, at their recorded times. */
export const scenarios: Record<string, Scenario> = {
  async official_auth_token(app) {
    app.connect({ authToken: "secret-token" })
    const room = app.channel("room:1")
    app.join(room)
    await app.at(202)
    app.push(room, "whoami")
    await app.at(402)
    app.socket.disconnect()
  },

  async official_basics(app) {
    app.connect()
    const room = app.channel("room:1", { p: 1 })
    room.on("pushed", (payload, ref, joinRef) => app.tell("on pushed", payload, `ref=${ref}`, `join_ref=${joinRef}`))
    app.join(room)
    await app.at(206)
    app.push(room, "echo", { a: 1 })
    app.push(room, "fail")
    app.push(room, "noreply", {}, { timeout: 300 })
    app.push(room, "push_me", { x: 1 })
    await app.at(709)
    app.leave(room)
    await app.at(910)
    app.tell("disconnect()")
    app.socket.disconnect(() => app.tell("disconnect callback"))
  },

  async official_channel_crash(app) {
    app.connect()
    const room = app.channel("room:1")
    app.join(room)
    await app.at(202)
    app.push(room, "crash", {}, { timeout: 400 })
    await app.at(402)
    app.push(room, "echo", { while: "errored" })
    await app.at(1703)
    app.push(room, "echo", { after: "rejoin" }, { label: "echo2" })
    await app.at(1903)
    app.socket.disconnect()
  },

  async official_channel_stop(app) {
    app.connect()
    const room = app.channel("room:1")
    app.join(room)
    await app.at(202)
    app.push(room, "stop", {}, { timeout: 300 })
    await app.at(1702)
    app.tell(`state ${room.state}`)
    app.socket.disconnect()
  },

  async official_connect_refused(app) {
    app.connect({ params: { token: "bad" } })
    app.join(app.channel("room:1"))
    await app.at(1200)
    app.socket.disconnect()
  },

  async official_duplicate_channel(app) {
    app.connect()
    const first = app.channel("room:1", {}, "first")
    app.join(first, "first join")
    await app.at(202)
    const second = app.channel("room:1", {}, "second")
    app.join(second, "second join")
    await app.at(502)
    app.tell(`states first=${first.state} second=${second.state}`)
    app.push(second, "echo", { from: "second" }, { label: "second echo" })
    await app.at(703)
    app.socket.disconnect()
  },

  async official_heartbeat(app) {
    app.connect({ heartbeatIntervalMs: 300 })
    await app.at(1103)
    app.socket.disconnect()
  },

  async official_heartbeat_lost(app) {
    app.connect({ heartbeatIntervalMs: 300 })
    app.join(app.channel("room:1"))
    await app.at(1752)
    app.socket.disconnect()
  },

  async official_idle_timeout_1002(app) {
    app.connect({}, "/fast")
    app.join(app.channel("room:1"))
    await app.at(2202)
    app.socket.disconnect()
  },

  async official_join_refused(app) {
    app.connect()
    const room = app.channel("room:denied")
    app.join(room)
    await app.at(3602)
    app.leave(room)
    await app.at(3803)
    app.socket.disconnect()
  },

  async official_join_unmatched(app) {
    app.connect()
    app.join(app.channel("nope:1"))
    await app.at(1502)
    app.socket.disconnect()
  },

  async official_longpoll(app) {
    app.connect({ transport: app.LongPoll })
    const room = app.channel("room:lp")
    room.on("shout", (payload) => app.tell("on shout", payload))
    app.join(room)
    await app.at(306)
    app.push(room, "echo", { a: 1 })
    app.push(room, "fail")
    app.push(room, "shout", { s: 1 })
    await app.at(706)
    app.leave(room)
    await app.at(1009)
    app.socket.disconnect()
  },

  async official_longpoll_auth_token(app) {
    app.connect({ transport: app.LongPoll, authToken: "lp-secret" })
    const room = app.channel("room:lp")
    app.join(room)
    await app.at(301)
    app.push(room, "whoami")
    await app.at(601)
    app.socket.disconnect()
  },

  async official_longpoll_fallback(app) {
    app.connect({ longPollFallbackMs: 500 })
    const room = app.channel("room:lp")
    app.join(room)
    await app.at(1502)
    app.push(room, "echo", { a: 1 })
    await app.at(1802)
    app.socket.disconnect()
  },

  async official_ping(app) {
    app.connect()
    await app.at(151)
    app.socket.ping((rtt) => app.tell(`ping answered in a number of ms: ${typeof rtt}`))
    await app.at(303)
    app.socket.disconnect()
  },

  async official_push_before_join_reply(app) {
    app.connect()
    const room = app.channel("room:slow")
    app.join(room)
    app.push(room, "echo", { early: 1 })
    await app.at(902)
    app.socket.disconnect()
  },

  async official_server_1011(app) {
    app.connect()
    app.join(app.channel("room:1"))
    await app.at(203)
    app.peer.current?.send("{bad")
    await app.at(1003)
    app.socket.disconnect()
  },

  async official_server_disconnect(app) {
    app.connect({ params: { user: "dave" } })
    const room = app.channel("room:1")
    app.join(room)
    await app.at(202)
    app.push(room, "disconnect_me")
    await app.at(1004)
    app.push(room, "echo", { after: "reconnect" })
    await app.at(1204)
    app.socket.disconnect()
  },
}
