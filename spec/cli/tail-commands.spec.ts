import { describe, expect, it } from "vitest"
import { completeTailLine, readTailLine, TAIL_COMMANDS } from "../../lib/cli/tail-commands.js"

const EVENTS = ["new_msg", "new_typing", "shout"]
const TOPICS = ["room:1", "room:2"]

const completed = (line: string): [string[], string] => completeTailLine(line, EVENTS, TOPICS)

describe("the Tab key in a tail", () => {
  it.each<[line: string, candidates: string[], part: string]>([
    ["/fi", ["/filter "], "/fi"],
    ["/pu", ["/push "], "/pu"],
    ["/f", ["/filter ", "/fold"], "/f"],
    ["/push new_", ["new_msg", "new_typing"], "new_"],
    ["/push s", ["shout"], "s"],
    ["/filter new_msg !new_t", ["!new_typing"], "!new_t"],
    ["/filter ", EVENTS, ""],
    ["/topic ", TOPICS, ""],
    ['/push shout {"s', [], '{"s'],
    ["/push shout s", [], "s"],
    ["/show ", [], ""],
    ["hello ", [], ""],
  ])("completes %j", (line, candidates, part) => {
    expect(completed(line)).toEqual([candidates, part])
  })

  it("offers every command on an empty line", () => {
    expect(completed("")[0].map((name) => name.trim())).toEqual(TAIL_COMMANDS.map(({ name }) => name))
  })
})

it("a line of input is a command and an argument, whose spaces stay", () => {
  expect(readTailLine('  /push new_msg {"text": "a  b",\n "n": 1} ')).toEqual({
    command: "/push",
    argument: 'new_msg {"text": "a  b",\n "n": 1}',
  })
  expect(readTailLine("/pause")).toEqual({ command: "/pause", argument: "" })
  expect(readTailLine("   ")).toBeUndefined()
})
