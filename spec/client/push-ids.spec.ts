import { afterEach, describe, expect, it, vi } from "vitest"
import { clientName } from "../../lib/client/client-name.js"
import { idOfRef, refWithId } from "../../lib/protocol/push-id.js"
import { settled, staged, withFakeTime } from "../support/client.js"

withFakeTime()

/** The id of a push with retry, as it is on the wire. */
async function sentId(random?: () => number): Promise<string> {
  const { stage, socket } = staged({ random })
  socket.connect()
  const room = socket.channel("room:1")
  room.join()
  await settled()
  room.push("save", {}, { retry: true })
  const id = idOfRef(stage.line.last("save").ref) ?? ""
  socket.destroy()
  return id
}

describe("The ids of pushes with retry", () => {
  afterEach(() => vi.restoreAllMocks())

  it("begin with 128 random bits, others in each socket, of the platform's own randomness", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(0.5)
    const ids = [await sentId(), await sentId()]
    expect(ids).toEqual([expect.stringMatching(/^(\d+\.){3}\d+$/), expect.stringMatching(/^(\d+\.){3}\d+$/)])
    expect(ids[0]?.split(".")[0]).not.toBe(ids[1]?.split(".")[0])
    random.mockRestore()
  })

  it("are those of the `random` that the socket was given", async () => {
    expect(await sentId(() => 0.5)).toMatch(/^(2147483648\.){3}2147483648\d+$/)
  })

  it("are made all the same where the platform has no crypto", () => {
    vi.stubGlobal("crypto", undefined)
    expect(clientName()).toMatch(/^(\d+\.){3}\d+$/)
    expect(clientName()).not.toBe(clientName())
  })

  it("stand behind the first tilde of a ref, and an empty one is none", () => {
    expect(idOfRef(refWithId("17", "a~b"))).toBe("a~b")
    for (const ref of [null, 17, "17", "17~", { "~": 1 }]) expect(idOfRef(ref as never)).toBe(undefined)
  })
})
