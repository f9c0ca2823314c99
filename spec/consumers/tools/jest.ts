import { demand, node, same, type Consumer } from "../consumer.js"
import { scriptOf, TALKED, type Place, type Stage } from "../stage.js"

const VERSION = "30.5.2"

const CHAT = `
const { Endpoint, Refused } = require("rookery/server")
const endpoint = new Endpoint({ logger: false })
endpoint.channel("room:*", {
  join: ({ topic }) => {
    if (topic === "room:secret") throw new Refused({ reason: "unauthorized" })
    return { members: 1 }
  },
  receive: { new_msg: ({ text }, room) => void room.broadcastFrom("new_msg", { text }) },
})
module.exports = { endpoint }
`

const CHANNEL_TEST = `
const { ChannelTest, ExpectationError } = require("rookery/testing")
const { RookeryError } = require("rookery")
const { RookeryError: sameError } = require("rookery/server")
const { endpoint } = require("./chat.js")

test("a message reaches the others", async () => {
  const t = new ChannelTest(endpoint)
  const [ada, bob] = [await t.connect(), await t.connect()]
  const [hers, his] = [await ada.join("room:lobby", {}), await bob.join("room:lobby", {})]
  await hers.push("new_msg", { text: "hi" }).expectReply("ok", {})
  await his.expectPush("new_msg", { text: expect.any(String) })
  await t.close()
})

test("a stranger is kept out, and what fails says why", async () => {
  const t = new ChannelTest(endpoint)
  const ada = await t.connect()
  await ada.refuteJoin("room:secret", {}, { reason: "unauthorized" })
  const failure = await ada.refuteJoin("room:lobby", {}, { reason: "unauthorized" }).catch((error) => error)
  expect(failure).toBeInstanceOf(ExpectationError)
  expect(sameError).toBe(RookeryError)
  await t.close()
})
`

const TALK_TEST = `
const { talk } = require("./talk.js")
test("talks to a real endpoint", async () => {
  expect(await talk(process.env.ENDPOINT)).toEqual(${JSON.stringify(TALKED)})
})
`

/** Jest's messages about a test that leaves something behind. */
const LEFT_BEHIND = /did not exit|open handle|worker process has failed to exit/i

export const jest: Consumer = {
  name: "Jest",
  quick: true,
  version: () => VERSION,
  shows: (stage: Stage) => {
    let place: Place
    const run = async (...args: string[]): Promise<void> => {
      const ended = await node(["node_modules/jest/bin/jest.js", "--ci", ...args], place.folder, {
        ENDPOINT: await stage.url(),
      })
      demand(ended.code === 0, ended.output)
      same(LEFT_BEHIND.exec(ended.output)?.[0] ?? "", "")
    }
    return {
      "tests a channel by require(), and ends by itself": async () => {
        place = await stage.project("jest", [`jest@${VERSION}`, `jest-environment-jsdom@${VERSION}`])
        const files = { "chat.js": CHAT, "chat.test.js": CHANNEL_TEST }
        place.write({ ...files, "talk.test.js": TALK_TEST, "talk.js": scriptOf("talk.ts", "cjs") })
        await run("chat.test.js")
      },
      "talks to a real endpoint, as in Node": () => run("talk.test.js"),
      "talks to a real endpoint, as in a page, by jsdom": () => run("talk.test.js", "--env=jsdom"),
    }
  },
}
