import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { phoenix, rookery } from "../support/libraries.js"
import { readRecording, recordingNames } from "../support/recording.js"
import { WireDriver } from "../support/wire-driver.js"
import { recordedOutcome, type Outcome } from "../support/wire-outcome.js"
import { scenarios } from "./same-wire-scenarios.js"

/** The differences between Rookery and the recordings that are on purpose. */
const exceptions = [
  {
    name: "no empty pair in a query",
    why: "before there is a token, the official client ends the URL of a poll with a stray ampersand",
    recordings: ["official_longpoll", "official_longpoll_auth_token", "official_longpoll_fallback"],
    apply: (outcome: Outcome): void => outcome.polls.forEach((poll) => (poll.path = poll.path.replace(/&$/, ""))),
  },
  {
    name: "the token of a long-poll in a header",
    why: "a URL stands in the logs of servers and proxies; a server that does not read the header gets it in the query",
    recordings: ["official_longpoll", "official_longpoll_auth_token", "official_longpoll_fallback"],
    apply: (outcome: Outcome): void =>
      [...outcome.polls, ...outcome.posts].forEach((request) => {
        const [path = "", token] = request.path.split("&token=")
        request.path = path
        if (token !== undefined) request.headers["x-phoenix-longpoll-token"] = decodeURIComponent(token)
      }),
  },
  {
    name: "a close event whose reason is text",
    why: "a CloseEvent has one, and an app that reads its length should not fail over long-poll only",
    recordings: ["official_longpoll", "official_longpoll_auth_token", "official_longpoll_fallback"],
    apply: replaceInEvents("reason=undefined", "reason="),
  },
  {
    name: "a connection that is given up has not ended cleanly",
    why: "after a lost heartbeat the client does not wait for the server's answer to the close",
    recordings: ["official_heartbeat_lost"],
    apply: replaceInEvents("reason=heartbeat timeout wasClean=true", "reason=heartbeat timeout wasClean=false"),
  },
]

function replaceInEvents(from: string, to: string): (outcome: Outcome) => void {
  return (outcome) => {
    outcome.events = outcome.events.map((event) => event.replace(from, to))
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.clearAllTimers()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it("there are steps for every recording of the official client", () => {
  expect(Object.keys(scenarios).sort()).toEqual(recordingNames("official_"))
})

describe.each(Object.entries(scenarios))("%s", (name, scenario) => {
  const recording = readRecording(name)

  it("the official client does again what was recorded of it", async () => {
    const replay = await WireDriver.replay(phoenix, recording, scenario)
    expect(replay.outcome).toEqual(recordedOutcome(recording))
    expect(replay.errors).toEqual([])
  })

  it("Rookery does the same, and ends in the same states", async () => {
    const expected = recordedOutcome(recording)
    for (const { recordings, apply } of exceptions) if (recordings.includes(name)) apply(expected)
    const official = await WireDriver.replay(phoenix, recording, scenario)
    vi.clearAllTimers()
    const replay = await WireDriver.replay(rookery, recording, scenario)
    expect(replay.outcome).toEqual(expected)
    expect(replay.states).toEqual(official.states)
    expect(replay.errors).toEqual([])
  })

  it("refs are strings of digits and only grow", async () => {
    const { refs } = await WireDriver.replay(rookery, recording, scenario)
    expect(refs).toEqual(refs.map(String))
    const numbers = refs.map(Number)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  })
})

it.each(exceptions)("an exception is none that nothing needs: $name", ({ recordings, apply }) => {
  for (const name of recordings) {
    const [without, withIt] = [recordedOutcome(readRecording(name)), recordedOutcome(readRecording(name))]
    apply(withIt)
    expect(withIt).not.toEqual(without)
  }
})
