import { beforeEach, describe, expect, it } from "vitest"
import { Sparing } from "../../../lib/chat/page/sparing.js"
import { TYPING_MS, typingWords, Typists } from "../../../lib/chat/page/typists.js"
import { FakeClock } from "../../support/fake-clock.js"
import { userOf } from "./messages.js"

const [ada, bob] = [userOf("ada"), userOf("bob")]

let clock: FakeClock
let changes: number
let typists: Typists
beforeEach(() => {
  clock = new FakeClock()
  changes = 0
  typists = new Typists(clock, () => changes++)
})
const typing = (): string[] => typists.users.map(({ email }) => email)

describe("the people who are typing", () => {
  it("are gone some seconds after the last sign, each by the clock", () => {
    typists.heard(ada)
    clock.pass(TYPING_MS - 1)
    typists.heard(bob)
    expect([typing(), changes]).toEqual([[ada.email, bob.email], 0])
    clock.pass(1)
    expect([typing(), changes]).toEqual([[bob.email], 1])
    clock.pass(TYPING_MS)
    expect([typing(), changes, clock.pending]).toEqual([[], 2, 0])
  })

  it("stay as long as there are signs, in the order in which they began", () => {
    typists.heard(ada)
    typists.heard(bob)
    clock.pass(TYPING_MS - 1)
    typists.heard(ada)
    clock.pass(1)
    expect(typing()).toEqual([ada.email])
    typists.heard(bob)
    typists.heard(ada)
    expect(typing()).toEqual([ada.email, bob.email])
  })

  it("are done with their message, and all of them when the connection is lost", () => {
    typists.heard(ada)
    typists.heard(bob)
    typists.done(ada)
    typists.done(userOf("cay"))
    expect(typing()).toEqual([bob.email])
    typists.clear()
    expect([typing(), clock.pending, changes]).toEqual([[], 0, 0])
  })

  it("are a bounded number, however many a server names", () => {
    for (let n = 0; n < 1000; n++) typists.heard(userOf(`p${n}`))
    expect([typists.users.length, clock.pending]).toEqual([10, 1])
    clock.pass(TYPING_MS)
    expect(typing()).toEqual([])
  })

  it("are gone after a sleep of the device that was longer than that", () => {
    typists.heard(ada)
    clock.sleep(60_000)
    expect(typing()).toEqual([])
  })

  it.each([
    [[], ""],
    [["Ada"], "Ada is typing…"],
    [["Ada", "Bob"], "Ada and Bob are typing…"],
    [["Ada", "Bob", "Cay"], "Several people are typing…"],
  ])("are named while they are few: %j", (names, words) => {
    expect(typingWords(names)).toBe(words)
  })
})

describe("a sparing sign", () => {
  it("is let through at once, and the next one only after its time", () => {
    const signs = new Sparing(3000, clock)
    expect([signs.take(), signs.take()]).toEqual([true, false])
    clock.pass(2999)
    expect(signs.take()).toBe(false)
    clock.pass(1)
    expect([signs.take(), signs.take()]).toEqual([true, false])
  })
})
