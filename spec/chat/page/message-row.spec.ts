import { describe, expect, it } from "vitest"
import { entriesOf } from "../../../lib/chat/page/message-row.js"
import { messageOf, userOf } from "./messages.js"

const ada = userOf("ada").id
const at = (day: number, minute: number, by: string) => ({
  ...messageOf(day * 100 + minute, by),
  timestamp: new Date(2030, 0, day, 12, minute).toISOString(),
})

describe("the rows of a room", () => {
  it("begin each day with its name", () => {
    const rows = entriesOf([at(1, 0, "ada"), at(1, 1, "bob"), at(2, 0, "bob")], [], ada)
    expect(rows.map(({ kind }) => kind)).toEqual(["day", "message", "message", "day", "message"])
  })

  it("name somebody once who goes on speaking, and again after a pause, another, or a night", () => {
    const messages = [at(1, 0, "ada"), at(1, 4, "ada"), at(1, 9, "ada"), at(1, 10, "bob"), at(2, 10, "bob")]
    const rows = entriesOf(messages, [], ada).filter((row) => row.kind === "message")
    expect(rows.map(({ continued }) => continued)).toEqual([false, true, false, false, false])
  })

  it("end with what is on its way", () => {
    const outgoing = { key: "out-1", content: "hello", after: undefined, state: "waiting" } as const
    const rows = entriesOf([at(1, 0, "bob")], [{ ...outgoing }, { ...outgoing, key: "out-2" }], ada)
    expect(rows.slice(2)).toMatchObject([
      { kind: "outgoing", key: "out-1", continued: false },
      { kind: "outgoing", key: "out-2", continued: true },
    ])
  })
})
