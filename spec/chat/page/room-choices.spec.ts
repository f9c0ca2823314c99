import { describe, expect, it } from "vitest"
import { choicesOf, peopleWords, type JoinedRoom } from "../../../lib/chat/page/room-choices.js"
import type { DirectoryRoom } from "../../../lib/chat/topics.js"

const joined = (name: string, unread = 0, mentions = 0): JoinedRoom => ({ name, unread, mentions })
const listed = (name: string, ...people: string[]): DirectoryRoom => ({ name, count: people.length, people })
const shown = (typed: string, own: JoinedRoom[], directory: DirectoryRoom[] = []): string[] =>
  choicesOf(typed, own, directory).map(({ name, kind, detail }) => `${kind} ${name}: ${detail}`)

describe("the rooms to go to", () => {
  it("are those one is in and then those of the directory, each once, with what is unread and who is there", () => {
    const own = [joined("lobby"), joined("den", 3, 1)]
    expect(shown("", own, [listed("lobby", "Ada", "Bob"), listed("den"), listed("attic", "Cay")])).toEqual([
      "joined lobby: Ada and Bob there",
      "joined den: 3 unread, 1 for you, nobody there",
      "listed attic: Cay there",
    ])
  })

  it("are those that a typed text may mean, the closest first, and else the text itself", () => {
    const own = [joined("old-garden"), joined("garden-2"), joined("lobby")]
    const directory = [listed("garden")]
    expect(shown("#Garden", own, directory)).toEqual([
      "listed garden: nobody there",
      "joined garden-2: ",
      "joined old-garden: ",
    ])
    expect(shown("gard", own, directory).at(-1)).toBe("typed gard: join it by this name")
    expect(shown("New  Room", own)).toEqual(["typed new-room: join it by this name"])
    expect(shown("  ", [])).toEqual([])
  })

  it("are a bounded number, with the typed name among them", () => {
    const many = Array.from({ length: 200 }, (_, n) => listed(`room-${n}`))
    expect(choicesOf("", [], many)).toHaveLength(30)
    const narrowed = choicesOf("room", [], many)
    expect([narrowed.length, narrowed.at(-1)?.kind]).toEqual([30, "typed"])
  })

  it.each([
    [0, [], "nobody there"],
    [1, ["Ada"], "Ada there"],
    [3, ["Ada", "Bob", "Cay"], "Ada, Bob and Cay there"],
    [7, ["Ada", "Bob"], "Ada, Bob and 5 more there"],
    [2, [], "2 there"],
  ])("say who is there: %d %j", (count, people, words) => {
    expect(peopleWords({ count, people })).toBe(words)
  })
})
