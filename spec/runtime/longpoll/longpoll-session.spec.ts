import { describe, expect, it } from "vitest"
import { SERVICE_RESTART } from "../../../lib/protocol/close-codes.js"
import { DEFAULT_LIMITS } from "../../../lib/protocol/limits.js"
import { LongPollSession } from "../../../lib/runtime/longpoll/longpoll-session.js"
import { HeldBytes } from "../../../lib/server/limits/held-bytes.js"
import { Turns } from "../../../lib/server/limits/turns.js"
import { runtimeAt } from "../../support/runtime.js"

const clock = { now: 0 }
const runtime = runtimeAt(() => clock.now)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function session(turns = new Turns(runtime)): LongPollSession {
  const limits = { ...DEFAULT_LIMITS, slowClient: "close" as const }
  const held = new HeldBytes(Infinity, runtime)
  return new LongPollSession({ token: "t", address: undefined, limits, held, turns, runtime, onEnd: () => {} })
}

describe("a session of long-poll", () => {
  it("answers with at most a mebibyte of messages, and with the others at the next polls, in order", () => {
    const made = session()
    const texts = ["a", "b", "c", "d", "e"].map((letter) => letter.repeat(400_000))
    for (const text of [...texts, "f".repeat(3_000_000), "g"]) made.send(text)
    const answers: string[][] = []
    while (made.heldBytes > 0) made.poll((_, messages) => void answers.push(messages.map(([letter]) => letter ?? "")))
    expect(answers).toEqual([["a", "b"], ["c", "d"], ["e"], ["f"], ["g"]])
  })

  it("answers with all messages when the server stops, because no poll follows", () => {
    const made = session()
    const answers: (readonly string[])[] = []
    made.poll((_, messages) => void answers.push(messages))
    for (const letter of ["a", "b", "c", "d"]) made.send(letter.repeat(400_000))
    made.close(SERVICE_RESTART)
    expect(answers.flat()).toHaveLength(4)
  })

  it("takes turns with other sessions that have an answer at the same time", async () => {
    const turns = new Turns(runtime)
    const answers: string[] = []
    for (const name of ["a", "b", "c", "d", "e"]) {
      const made = session(turns)
      made.poll(() => {
        answers.push(name)
        // A turn has room for four milliseconds.
        clock.now += 3
      })
      made.send(name)
    }
    await turn()
    expect(answers.join("")).toBe("ab")
    for (let n = 0; n < 3; n++) await turn()
    expect(answers.join("")).toBe("abcde")
  })
})
