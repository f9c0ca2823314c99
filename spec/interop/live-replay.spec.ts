import { once } from "node:events"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import type { LiveRecording } from "../support/liveview/recording.js"
import { Replay } from "../support/liveview/replay.js"

const url = "/live/websocket?vsn=2.0.0"
const join = ["4", "4", "lv:a", "phx_join", { url: "http://localhost:4000/", params: { _mounts: 0 } }]

/** A join, its answer, and a click that causes an event. */
const RECORDING: LiveRecording = {
  page: { path: "/", html: "<!doctype html>", script: "" },
  steps: [
    { kind: "open", conn: 1, url },
    { kind: "client", conn: 1, frame: JSON.stringify(join), optional: false },
    { kind: "server", conn: 1, frame: '["4","4","lv:a","phx_reply",{"status":"ok","response":{}}]', optional: false },
    { kind: "do", what: "click +", action: { type: "click", selector: "#inc" } },
    { kind: "client", conn: 1, frame: '["4","5","lv:a","event",{"event":"inc"}]', optional: false },
  ],
  end: { title: "", url: "/", class: "", html: "", values: {}, events: [] },
}

describe("the replay of a recorded LiveView", () => {
  let replay: Replay
  afterEach(() => replay[Symbol.asyncDispose]())

  /** A client that sends frames once it is connected, and one more at the click. */
  async function play(atOpen: unknown[], atClick?: unknown): Promise<unknown[]> {
    replay = await Replay.start(RECORDING, "")
    const socket = new WebSocket(replay.url.replace("http", "ws") + url)
    const send = (frame: unknown): void => socket.send(JSON.stringify(frame))
    const heard: unknown[] = []
    socket.on("message", (data: Buffer) => heard.push(JSON.parse(data.toString())))
    await once(socket, "open")
    for (const frame of atOpen) send(frame)
    await replay.run(async () => {
      if (heard.length === 0) await once(socket, "message")
      send(atClick)
    })
    return heard
  }

  it("answers under the refs that the client took, and looks past the origin of the page", async () => {
    const [join, event] = [
      ["1", "1", "lv:a", "phx_join", { url: "http://127.0.0.1:1234/", params: { _mounts: 0 } }],
      ["1", "2", "lv:a", "event", { event: "inc" }],
    ]
    expect(await play([join], event)).toEqual([["1", "1", "lv:a", "phx_reply", { status: "ok", response: {} }]])
  })

  it("names the frame that came and the frame that was recorded where they differ", async () => {
    const other = ["4", "4", "lv:a", "phx_join", { url: "/", params: { _mounts: 1 } }]
    await expect(play([other])).rejects.toThrow(
      'the client sent [4, 4] lv:a phx_join {"url":"/","params":{"_mounts":1}} on connection 1, where the recording ' +
        'has [4, 4] lv:a phx_join {"url":"http://localhost:4000/","params":{"_mounts":0}}',
    )
  })

  it("refuses a frame of a topic that the recording does not have", async () => {
    const stray = ["9", "9", "lv:b", "phx_join", {}]
    await expect(play([join, stray])).rejects.toThrow("the recording has no further one of its topic")
  })

  it("refuses a frame that comes before the page was told to do what causes it", async () => {
    const event = ["4", "5", "lv:a", "event", { event: "inc" }]
    await expect(play([join, event])).rejects.toThrow('before the page was told to "click +"')
  })

  it("refuses a connection that the recording does not have", async () => {
    replay = await Replay.start(RECORDING, "")
    const running = replay.run(() => Promise.resolve())
    const sockets = [1, 2].map(() => new WebSocket(replay.url.replace("http", "ws") + url))
    // The second connection may end before it is open.
    for (const socket of sockets) socket.on("error", () => {})
    await expect(running).rejects.toThrow("the client opened connection 2, which the recording does not have")
  })
})
