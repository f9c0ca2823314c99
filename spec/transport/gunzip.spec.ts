import { gzipSync } from "node:zlib"
import { afterEach, describe, expect, it, vi } from "vitest"
import type { IncomingFrame } from "../../lib/protocol/frame.js"
import { gunzip, type GunzipOptions } from "../../lib/transport/gunzip.js"
import {
  closeInfo,
  type Link,
  type LinkEvents,
  type LinkOptions,
  type Transport,
} from "../../lib/transport/transport.js"

const OPTIONS: LinkOptions = { textUrl: "ws://test/", binaryType: "arraybuffer", timeout: 1000 }

/** A link through `gunzip()`: the events of the transport below it, and those that arrive. */
interface Line {
  readonly below: LinkEvents
  readonly link: Link
  readonly arrived: string[]
  /** Resolves when this number of events has arrived. */
  count(events: number): Promise<void>
}

const shown = (frame: IncomingFrame): string =>
  typeof frame === "string" ? frame : `${frame.byteLength} bytes from ${new Uint8Array(frame as ArrayBuffer)[0]}`

function open(options?: GunzipOptions): Line {
  const arrived: string[] = []
  const waiting: { events: number; resolve: () => void }[] = []
  const saw = (event: string): void => {
    arrived.push(event)
    for (const { events, resolve } of waiting) if (arrived.length >= events) resolve()
  }
  let below: LinkEvents | undefined
  const transport: Transport = {
    name: "Below",
    open(_url, _options, events) {
      below = events
      return { bufferedAmount: 7, send: (frame) => saw(`sent ${shown(frame)}`), close: (code) => saw(`closed ${code}`) }
    },
  }
  const link = gunzip(transport, options).open("ws://test/", OPTIONS, {
    open: () => saw("open"),
    frame: (frame) => saw(shown(frame)),
    error: (error) => saw(`error ${String(error)}`),
    close: ({ code }) => saw(`close ${code}`),
  })
  return {
    below: below as unknown as LinkEvents,
    link,
    arrived,
    count: (events) =>
      new Promise((resolve) => {
        if (arrived.length >= events) resolve()
        else waiting.push({ events, resolve })
      }),
  }
}

const gzip = (length: number, first: number): Uint8Array => gzipSync(new Uint8Array(length).fill(first))

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("gunzip", () => {
  it("hands over frames that are no gzip at once", () => {
    const { below, arrived } = open()
    below.open({})
    below.frame("text")
    below.frame(Uint8Array.of(0x95, 1, 2))
    below.frame(new Uint8Array(0))
    below.frame(Uint8Array.of(0x1f))
    expect(arrived).toEqual(["open", "text", "3 bytes from 149", "0 bytes from undefined", "1 bytes from 31"])
  })

  it("hands over frames, errors and the end in their order, whatever takes long to inflate", async () => {
    const { below, arrived, count } = open()
    below.frame(gzip(1_000_000, 1))
    below.frame("behind the first")
    below.frame(gzip(10, 2).buffer.slice(0) as ArrayBuffer)
    below.frame(gzip(100_000, 3))
    below.error("an error")
    below.frame("the last")
    below.close(closeInfo(1000))
    await count(7)
    expect(arrived).toEqual([
      "1000000 bytes from 1",
      "behind the first",
      shown(new Uint8Array(10).fill(2)),
      "100000 bytes from 3",
      "error an error",
      "the last",
      "close 1000",
    ])
    below.frame("at once again")
    expect(arrived.at(-1)).toBe("at once again")
  })

  it("passes a frame on as it is if it inflates to more than maxInflatedBytes", async () => {
    const { below, arrived, count } = open({ maxInflatedBytes: 1000 })
    const bomb = gzip(10_000_000, 0)
    below.frame(gzip(1000, 1))
    below.frame(gzip(1001, 1))
    below.frame(bomb)
    await count(3)
    expect(arrived).toEqual([
      "1000 bytes from 1",
      `${gzip(1001, 1).length} bytes from 31`,
      `${bomb.length} bytes from 31`,
    ])
  })

  it("passes a frame on as it is if its gzip is broken, and goes on", async () => {
    const { below, arrived, count } = open()
    const whole = gzip(1000, 1)
    const changed = Uint8Array.from(whole).fill(0xff, 12)
    below.frame(whole.subarray(0, 15))
    below.frame(changed)
    below.frame(Uint8Array.of(0x1f, 0x8b))
    below.frame(whole)
    await count(4)
    expect(arrived).toEqual([
      "15 bytes from 31",
      `${changed.length} bytes from 31`,
      "2 bytes from 31",
      "1000 bytes from 1",
    ])
  })

  it("inflates nothing for a link that this side has closed", async () => {
    const inflate = vi.fn((bytes: Uint8Array) => bytes)
    const { below, link, arrived, count } = open({ inflate })
    below.frame(gzip(10, 1))
    below.frame(gzip(10, 2))
    link.close(1000)
    below.close(closeInfo(1000))
    await count(2)
    expect(arrived).toEqual(["closed 1000", "close 1000"])
    expect(inflate).toHaveBeenCalledTimes(1)
  })

  it("inflates by a function of yours, and holds it to the bound", async () => {
    const { below, arrived, count } = open({ maxInflatedBytes: 20, inflate: (_gzip, max) => new Uint8Array(max + 1) })
    below.frame(gzip(10, 1))
    await count(1)
    expect(arrived).toEqual([`${gzip(10, 1).length} bytes from 31`])
    const other = open({ inflate: () => Promise.resolve(Uint8Array.of(9)) })
    other.below.frame(gzip(10, 1))
    await other.count(1)
    expect(other.arrived).toEqual(["1 bytes from 9"])
  })

  it("asks for a function where the platform cannot inflate", () => {
    vi.stubGlobal("DecompressionStream", undefined)
    expect(() => open()).toThrow(
      expect.objectContaining({ code: "bad_option", message: expect.stringContaining("inflate") as string }) as Error,
    )
    expect(() => open({ inflate: (bytes) => bytes })).not.toThrow()
  })

  it("sends and tells of what waits as the transport below it does", () => {
    const { link, arrived } = open()
    link.send("out")
    expect(arrived).toEqual(["sent out"])
    expect(link.bufferedAmount).toBe(7)
  })
})
