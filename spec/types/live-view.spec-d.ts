import type * as Phoenix from "phoenix"
import { LiveSocket } from "phoenix_live_view"
import type { LiveSocket as TypedLiveSocket } from "../../node_modules/@types/phoenix_live_view/index.js"
import { LongPoll, Socket } from "rookery"
import { describe, expectTypeOf, it } from "vitest"

describe("code that takes a Phoenix socket", () => {
  it("LiveSocket of phoenix_live_view, with its own types, takes the Socket class", () => {
    const liveSocket = new LiveSocket("/live", Socket, {
      longPollFallbackMs: 2500,
      params: { _csrf_token: "token" },
      transport: LongPoll,
    })
    liveSocket.connect()
  })

  it("LiveSocket of @types/phoenix_live_view takes the Socket class", () => {
    expectTypeOf<typeof TypedLiveSocket>().toBeConstructibleWith("/live", Socket, {
      longPollFallbackMs: 2500,
      params: { _csrf_token: "token" },
      transport: LongPoll,
    })
  })

  it("a function that asks for the Socket class of @types/phoenix takes ours", () => {
    expectTypeOf<typeof Socket>().toExtend<typeof Phoenix.Socket>()
  })
})
