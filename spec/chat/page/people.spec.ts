import { beforeEach, describe, expect, it } from "vitest"
import { People } from "../../../lib/chat/page/people.js"
import { userOf } from "./messages.js"

const [ada, bob] = [userOf("ada"), userOf("bob")]
const other = { id: "user:ada@example.org", email: "ada@example.org", display_name: null }

let people: People
beforeEach(() => {
  people = new People()
})

describe("the name of a person", () => {
  it("is the chosen one, else the address without its host", () => {
    people.rename(ada, "Ada Lovelace")
    expect([people.nameOf(ada), people.nameOf(bob)]).toEqual(["Ada Lovelace", "bob"])
    people.rename(ada, null)
    expect(people.nameOf({ ...ada, display_name: "Countess" })).toBe("ada")
    expect(people.nameOf({ ...bob, email: `"a@b"@example.com` })).toBe(`"a@b"`)
  })

  it("has a mark beside it while another person goes by the same name, in whatever case", () => {
    people.meet(ada)
    expect(people.markOf(ada)).toBe("")
    people.rename(other, "ADA")
    const marks = [people.markOf(ada), people.markOf(other)]
    expect(marks).toEqual([expect.stringMatching(/^#\w{4}$/), expect.stringMatching(/^#\w{4}$/)])
    expect(marks[0]).not.toBe(marks[1])
    people.rename(other, "Grace")
    expect([people.markOf(ada), people.markOf(other)]).toEqual(["", ""])
    people.rename(bob, "Grace")
    expect(people.markOf(other)).toBe(marks[1])
  })

  it("has no mark for one person with many messages", () => {
    for (let n = 0; n < 3; n++) people.meet({ ...ada })
    people.rename(ada, null)
    expect(people.markOf(ada)).toBe("")
  })
})
