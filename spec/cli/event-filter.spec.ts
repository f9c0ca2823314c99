import { describe, expect, it } from "vitest"
import { EventFilter } from "../../lib/cli/event-filter.js"

describe("a filter of events", () => {
  it.each<[patterns: string, shown: string[], hidden: string[]]>([
    ["", ["new_msg", ""], []],
    ["new_msg", ["new_msg"], ["new_msgs", "a new_msg"]],
    ["new_*", ["new_", "new_msg"], ["new", "old_new_msg"]],
    ["*msg", ["msg", "new_msg"], ["msgs"]],
    ["a*b*c", ["abc", "a-b-c", "abbcc"], ["acb", "ac"]],
    ["ab*ba", ["abba", "ab-ba"], ["aba"]],
    ["new_* presence_*", ["new_msg", "presence_join"], ["shout"]],
    ["!typing", ["new_msg", "typing_now"], ["typing"]],
    ["  new_*   !new_typing ", ["new_msg"], ["new_typing", "shout"]],
  ])("filters events by the patterns %j", (patterns, shown, hidden) => {
    const filter = new EventFilter(patterns)
    expect(shown.filter((event) => !filter.shows(event))).toEqual([])
    expect(hidden.filter((event) => filter.shows(event))).toEqual([])
  })
})
