import { describe, expect, it } from "vitest"
import { REACTS, renderOnServer } from "../support/react-app.js"

describe.each(REACTS)("the hooks on a server, in React %s", (_version, alias) => {
  it("render a page that is about to connect and to join, and begin nothing", async () => {
    const room = { topic: "room:1", params: { name: "Ada" }, greets: "hello", mark: "", people: true } as const
    const rooms = [
      { ...room, id: "a" },
      { ...room, id: "b", asks: true, byTopic: true },
      { ...room, id: "c", topic: null },
    ]
    const { html, begun } = await renderOnServer(alias, { rooms, status: true })
    expect(html).toContain(">disconnected<")
    expect(html).toMatch(/id="a" data-state="joining"/)
    expect(html).toMatch(/id="b" data-state="joining"/)
    expect(html).toMatch(/id="c" data-state="closed"/)
    // The standard output of the process is a pipe.
    expect(begun.filter((what) => what !== "PipeWrap")).toEqual([])
  })

  it("say that a provider is missing", async () => {
    expect((await renderOnServer(alias, { rooms: [] })).stray).toBe("no_socket")
  })
})
