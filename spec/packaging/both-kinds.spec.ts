import { afterAll, beforeAll, expect, it } from "vitest"
import { installPacked, type Project } from "./installed.js"
import { runNode } from "./run-node.js"

let project: Project
beforeAll(async () => {
  project = await installPacked(["mitt", "msgpackr", "msgpackr-extract", "ws"])
})
afterAll(() => project.remove())

const HANDLERS = `
  const { noReply, Refused, reply } = require("rookery/server")
  const refuse = () => { throw new Refused({ reason: "no" }, { status: 418 }) }
  module.exports = {
    connect: ({ params }) => params.stranger ? refuse() : {},
    join: ({ topic }) => topic === "room:closed" ? refuse() : {},
    receive: { refuse, busy: () => reply("busy", { retry: 1 }), never: () => noReply },
  }`

const PROGRAM = `
  import { RookeryError, Socket } from "rookery"
  import { createRequire } from "node:module"
  import { Endpoint } from "rookery/server"
  import handlers from "./handlers.cjs"
  const required = createRequire(import.meta.url)("rookery")
  const failures = []
  const endpoint = new Endpoint({ connect: handlers.connect })
  endpoint.channel("room:*", handlers)
  endpoint.on("error", ({ error }) => failures.push(String(error)))
  const url = "ws://127.0.0.1:" + (await endpoint.listen({ port: 0, host: "127.0.0.1" })).port + "/socket"
  const outcome = (promise) => promise.then(() => "ok", ({ code, status, response }) => [code, status, response])
  const answersTo = async ({ Socket }) => {
    const socket = new Socket(url)
    socket.connect()
    const room = await socket.join("room:1", {})
    const answers = [outcome(socket.join("room:closed", {}))]
    for (const event of ["refuse", "busy"]) answers.push(outcome(room.push(event, {})))
    answers.push(outcome(room.push("never", {}, { timeout: 50 })))
    const settled = await Promise.all(answers)
    socket.destroy()
    return settled
  }
  const refused = await new Promise((resolve) => {
    const reconnectAfterMs = (_tries, { error }) => (resolve([error.code, error.status]), false)
    new Socket(url, { params: { stranger: 1 }, reconnectAfterMs }).connect()
  })
  const answers = [await answersTo({ Socket }), await answersTo(required)]
  await endpoint.close({ deadlineMs: 0 })
  console.log(JSON.stringify({ refused, answers, failures, sameClass: required.RookeryError === RookeryError }))
  process.exit()`

const ANSWERS = [
  ["refused", "error", { reason: "no" }],
  ["refused", "error", { reason: "no" }],
  ["refused", "busy", { retry: 1 }],
  ["timeout", null, null],
]

it("answers as its handlers say, where they are CommonJS and it is an ES module", async () => {
  project.write("handlers.cjs", HANDLERS)
  const file = project.write("main.mjs", PROGRAM)
  expect(await runNode(["--no-warnings", file])).toEqual({
    refused: ["connect_refused", 418],
    answers: [ANSWERS, ANSWERS],
    failures: [],
    // The documents describe this, and advise to compare the code.
    sameClass: false,
  })
})
