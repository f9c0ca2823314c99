import { test } from "node:test"
import { ChannelTest } from "rookery/testing"
import { endpoint } from "../server/rooms.js"

test("a message reaches everybody in the room, and nobody else", async () => {
  await using t = new ChannelTest(endpoint)
  const ada = await (await t.connect()).join("room:lobby", { name: "Ada" })
  const bob = await (await t.connect()).join("room:lobby", { name: "Bob" })
  const eve = await (await t.connect()).join("room:other", { name: "Eve" })

  await ada.push("new_msg", { text: "hi" }).expectReply("ok", { id: String })
  await bob.expectPush("new_msg", { from: "Ada", text: "hi" })
  await eve.refutePush("new_msg")
})

test("nobody joins without a name", async () => {
  await using t = new ChannelTest(endpoint)
  const client = await t.connect()
  await client.refuteJoin("room:lobby", { name: " " }, { reason: "a name has 1 to 40 characters" })
})

test("an empty message is refused", async () => {
  await using t = new ChannelTest(endpoint)
  const ada = await (await t.connect()).join("room:lobby", { name: "Ada" })
  await ada.push("new_msg", { text: "" }).expectReply("error", { reason: "a message has 1 to 500 characters" })
})
