import { PassThrough } from "node:stream"
import { describe, expect, it, onTestFinished } from "vitest"
import { EventFilter } from "../../lib/cli/event-filter.js"
import { Newest } from "../../lib/cli/newest.js"
import { TailPrompt } from "../../lib/cli/tail-prompt.js"
import { LineLog } from "../support/line-log.js"

describe("the newest of many items", () => {
  const sized = (size: number): { size: number } => ({ size })

  it("are as many as may be, and together as large as they may be", () => {
    const items = new Newest<{ size: number }>(3, 10, ({ size }) => size)
    expect([4, 4, 2, 1].map((size) => items.add(sized(size)))).toEqual([0, 0, 0, 1])
    expect([...items].map(({ size }) => size)).toEqual([4, 2, 1])
    expect(items.add(sized(9))).toBe(2)
    expect([...items].map(({ size }) => size)).toEqual([1, 9])
    expect([items.length, items.fromEnd(2), items.fromEnd(3)]).toEqual([2, sized(1), undefined])
  })

  it("have the newest among them, however large it is", () => {
    const items = new Newest<{ size: number }>(3, 10, ({ size }) => size)
    items.add(sized(1))
    expect(items.add(sized(11))).toBe(1)
    expect(items.add(sized(10))).toBe(1)
    expect([...items]).toEqual([sized(10)])
  })
})

it("a tail that is paused keeps back no more text than fits, and shows no more again", async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const io = { stdin, stdout, stderr, env: {}, signal: new AbortController().signal }
  const [out, err] = [new LineLog(stdout), new LineLog(stderr)]
  const controls = { topics: ["room:1"], push: () => Promise.resolve({}), end: () => {} }
  const prompt = new TailPrompt(io, controls, new EventFilter(""))
  onTestFinished(() => prompt.close())
  stdin.write("/pause\n/topic\n")
  await err.line(/no such topic/)
  for (let n = 0; n < 4; n++) prompt.message("room:1", "shout", { n, text: "x".repeat(6_000_000) })
  stdin.write("/resume\n/show 3\n")
  await err.line(/there are 2 messages to show/)
  await out.nth(/shout/, 2)
  expect(err.text).toContain("only the last 2 messages were kept back; 2 before them were dropped")
  expect(out.lines.map((line) => line.slice(13, 40))).toEqual([
    'room:1 shout {"n":2,"text":',
    'room:1 shout {"n":3,"text":',
  ])
})
