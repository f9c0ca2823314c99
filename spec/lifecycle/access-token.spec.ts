import { describe, expect, it } from "vitest"
import { renewAccessToken } from "rookery/supabase"
import { joined, settled, withFakeTime } from "../support/client.js"

withFakeTime()

describe("renewAccessToken", () => {
  it("sends the token to each channel that is joined, as realtime-js does", async () => {
    const { socket, stage, room } = await joined()
    const other = socket.channel("room:2")
    other.join()
    await settled()
    socket.channel("room:3").join()
    renewAccessToken(socket, "new")
    expect(stage.line.of("access_token")).toMatchObject([
      { topic: "room:1", join_ref: room.joinRef(), payload: { access_token: "new" } },
      { topic: "room:2", join_ref: other.joinRef(), payload: { access_token: "new" } },
    ])
  })

  it("sends nothing without a connection: the next joins bring the token", async () => {
    const { socket, stage } = await joined()
    socket.disconnect()
    renewAccessToken(socket, "new")
    socket.connect()
    await settled()
    expect(stage.line.of("access_token")).toEqual([])
  })
})
