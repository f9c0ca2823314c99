import type { LinkEvents, Transport } from "rookery"
import { describe, expect, it } from "vitest"
import { counting } from "../../../lib/chat/page/byte-counter.js"

/** A transport that logs its calls and the sent frames. */
function stage(): { transport: Transport; events(): LinkEvents; log: unknown[] } {
  const log: unknown[] = []
  let told: LinkEvents | undefined
  return {
    log,
    events() {
      if (!told) throw new Error("nothing was opened")
      return told
    },
    transport: {
      name: "Stage",
      open(url, _options, events) {
        told = events
        log.push(url)
        return {
          send: (frame) => log.push(frame),
          close: (code, reason) => log.push([code, reason]),
          bufferedAmount: 42,
        }
      },
    },
  }
}

const OPTIONS = { textUrl: "", binaryType: "arraybuffer", timeout: 1 } as const

describe("a transport that counts", () => {
  it("counts bytes and not letters, both ways", () => {
    const { transport, events } = stage()
    const traffic = { sent: 0, received: 0 }
    let times = 0
    const counted = counting(transport, traffic, () => times++)
    const heard: unknown[] = []
    const link = counted.open("ws://host", OPTIONS, {
      open() {},
      frame: (frame) => heard.push(frame),
      error() {},
      close() {},
    })
    link.send("aé€😀")
    expect(traffic).toEqual({ sent: 10, received: 0 })
    link.send(new Uint8Array(new ArrayBuffer(64), 8, 5))
    expect(traffic.sent).toBe(15)
    const frames = ["é", new ArrayBuffer(7), new Uint8Array(3)]
    for (const frame of frames) events().frame(frame)
    expect(traffic).toEqual({ sent: 15, received: 12 })
    expect(heard).toEqual(frames)
    expect(times).toBe(5)
  })

  it("hands everything else through", () => {
    const { transport, events, log } = stage()
    const told: unknown[] = []
    const counted = counting(transport, { sent: 0, received: 0 }, () => {})
    const link = counted.open("ws://host", OPTIONS, {
      open: (traits) => told.push(traits),
      frame() {},
      error: (error) => told.push(error),
      close: (info) => told.push(info),
    })
    const info = { code: 1000, reason: "", wasClean: true }
    events().open({ textOnly: true })
    events().error("broken")
    events().close(info)
    link.close(4000, "enough")
    expect(told).toEqual([{ textOnly: true }, "broken", info])
    expect(log).toEqual(["ws://host", [4000, "enough"]])
    expect(link.bufferedAmount).toBe(42)
    expect(counted.name).toBe("Stage")
  })
})
