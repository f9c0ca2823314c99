import { describe, expect, it } from "vitest"
import { ENTRY_BYTES, RetryAccounts, type Payer } from "../../../lib/server/pubsub/retry-accounts.js"
import { FakeClock } from "../../support/fake-clock.js"

const all: Payer = { name: "all", limit: "heldRetryBytes", bytes: 10 * ENTRY_BYTES }
const person = (name: string): Payer => ({ name, limit: "retryBytes", bytes: 4 * ENTRY_BYTES })

describe("The accounts of what is remembered of pushes", () => {
  it("let one client have as much as its limit says, and not a push more", () => {
    const accounts = new RetryAccounts(new FakeClock())
    const ada = person("ada")
    for (let i = 0; i < 4; i++) expect(accounts.open(`${i}`, [ada, all])).toBe(undefined)
    expect(accounts.open("one too many", [ada, all])).toBe(ada)
    expect(accounts.open("another's", [person("bob"), all])).toBe(undefined)
    expect([accounts.size, accounts.spent("ada"), accounts.spent("all")]).toEqual([5, 4 * ENTRY_BYTES, 5 * ENTRY_BYTES])
  })

  it("refuse new pushes of everybody when all together are at their limit, and forget none", () => {
    const accounts = new RetryAccounts(new FakeClock())
    for (let i = 0; i < 10; i++) expect(accounts.open(`${i}`, [person(`client ${i}`), all])).toBe(undefined)
    expect(accounts.open("new", [person("new")])).toBe(undefined)
    accounts.close("new")
    expect(accounts.open("new", [person("new"), all])).toBe(all)
    expect(accounts.size).toBe(10)
  })

  it("count the bytes of answers, and leave out one that does not fit", () => {
    const accounts = new RetryAccounts(new FakeClock())
    const ada = person("ada")
    accounts.open("a", [ada, all])
    expect(accounts.add("a", 2 * ENTRY_BYTES)).toBe(undefined)
    expect(accounts.add("a", ENTRY_BYTES + 1)).toBe(ada)
    expect(accounts.spent("ada")).toBe(3 * ENTRY_BYTES)
    expect(accounts.add("unknown", 1)).toBe(undefined)
  })

  it("give everything back when a push is no longer remembered", () => {
    const clock = new FakeClock()
    const accounts = new RetryAccounts(clock)
    accounts.open("kept", [person("ada"), all])
    accounts.add("kept", 500)
    accounts.keep("kept", 60_000)
    accounts.open("released", [person("ada"), all])
    accounts.close("released")
    accounts.open("running", [person("bob"), all])
    clock.pass(60_000)
    expect([accounts.size, accounts.spent("ada"), accounts.spent("all")]).toEqual([1, 0, ENTRY_BYTES])
    accounts.close("running")
    expect([accounts.size, accounts.spent("bob"), accounts.spent("all"), clock.pending]).toEqual([0, 0, 0, 0])
  })
})
