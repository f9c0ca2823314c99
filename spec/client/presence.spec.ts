import { Presence } from "rookery"
import { describe, expect, it } from "vitest"
import { after, joined, settled, withFakeTime } from "../support/client.js"

withFakeTime()

const one = (phx_ref: string): object => ({ metas: [{ phx_ref }] })
const keysOf = (presence: Presence): string[] => presence.list((key) => key)

describe("diffs that come before the state of their join", () => {
  it("are dropped if the connection is lost before the state comes", async () => {
    const { room, stage, socket } = await joined()
    const presence = new Presence(room)
    stage.line.send({ topic: "room:1", event: "presence_diff", payload: { joins: { eve: one("e") }, leaves: {} } })
    stage.line.close()
    await after(100)
    expect(room.state).toBe("joined")
    stage.line.send({ topic: "room:1", event: "presence_diff", payload: { joins: { bob: one("b") }, leaves: {} } })
    stage.line.send({ topic: "room:1", event: "presence_state", payload: { ada: one("a") } })
    expect(keysOf(presence)).toEqual(["ada", "bob"])
    socket.destroy()
  })

  it("are the newest thousand, as the server knows of the others when it makes the state", async () => {
    const { room, stage, socket } = await joined()
    const presence = new Presence(room)
    for (let i = 0; i <= 1000; i++) {
      const joins = { [`person ${i}`]: one(`${i}`) }
      stage.line.send({ topic: "room:1", event: "presence_diff", payload: { joins, leaves: {} } })
    }
    stage.line.send({ topic: "room:1", event: "presence_state", payload: {} })
    await settled()
    expect([keysOf(presence).length, keysOf(presence)[0]]).toEqual([1000, "person 1"])
    socket.destroy()
  })
})
