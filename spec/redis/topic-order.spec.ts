import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Sequencer, type Arrival, type Found, type Place, type Step } from "../../lib/redis/topic-order.js"

const message = (offset: number): Arrival<string> => ({ offset, at: offset, body: `m${offset}` })
const offsets = (step: Step<string>): number[] => step.deliver.map(({ offset }) => offset)

const found = (epoch: string, newest: number, ...kept: number[]): Found<string> => ({
  epoch,
  newest,
  complete: true,
  messages: kept.map(message),
})

function begun(offset = 0): Sequencer<string> {
  const sequencer = new Sequencer<string>()
  sequencer.begin({ epoch: "e", offset, at: undefined })
  return sequencer
}

describe("the order of numbered messages", () => {
  it("passes on what comes in order, and drops what came before", () => {
    const sequencer = begun()
    expect([1, 2, 2, 1, 3].map((offset) => offsets(sequencer.arrive("e", message(offset))))).toEqual([
      [1],
      [2],
      [],
      [],
      [3],
    ])
  })

  it("holds what comes behind a gap until that was read", () => {
    const sequencer = begun()
    expect(sequencer.arrive("e", message(3))).toEqual({
      deliver: [],
      lost: false,
      read: { epoch: "e", offset: 0, at: undefined },
    })
    expect(sequencer.arrive("e", message(4)).read).toBeUndefined()
    expect(offsets(sequencer.found(found("e", 4, 1, 2, 3)))).toEqual([1, 2, 3, 4])
  })

  it("says that something is lost where the history does not reach back far enough", () => {
    const sequencer = begun()
    sequencer.arrive("e", message(9))
    const step = sequencer.found({ ...found("e", 9, 7, 8, 9), complete: false })
    expect([step.lost, offsets(step)]).toEqual([true, [7, 8, 9]])
    expect(offsets(sequencer.arrive("e", message(10)))).toEqual([10])
  })

  it("goes on with a new epoch, and says that the old one is lost", () => {
    const sequencer = begun(5)
    const step = sequencer.arrive("f", message(3))
    expect([step.lost, offsets(step)]).toEqual([true, [3]])
    expect(sequencer.place).toEqual({ epoch: "f", offset: 3, at: 3 })
  })

  it("tells nothing of before when it finds a new epoch by reading", () => {
    const sequencer = begun(5)
    sequencer.check()
    const step = sequencer.found({ ...found("f", 8), complete: false })
    expect([step.lost, offsets(step), sequencer.place?.offset]).toEqual([true, [], 8])
    expect(offsets(sequencer.arrive("f", message(9)))).toEqual([9])
  })

  it("reads once more if it is asked to while it reads", () => {
    const sequencer = begun()
    expect(sequencer.check().read).toBeDefined()
    expect(sequencer.check().read).toBeUndefined()
    expect(sequencer.found(found("e", 0)).read).toBeDefined()
    expect(sequencer.found(found("e", 0)).read).toBeUndefined()
  })

  it("asks again after a read that failed", () => {
    const sequencer = begun()
    sequencer.arrive("e", message(2))
    sequencer.failed()
    expect(sequencer.arrive("e", message(3)).read).toBeDefined()
  })

  it("gives every message once and in order, whatever pub/sub loses, repeats or mixes up", () => {
    const arrivals = fc.array(fc.record({ offset: fc.integer({ min: 1, max: 40 }), answer: fc.boolean() }), {
      maxLength: 120,
    })
    fc.assert(
      fc.property(arrivals, (all) => {
        const sequencer = begun()
        const delivered: number[] = []
        const open: Place[] = []
        let newest = 0
        const follow = (step: Step<string>): void => {
          expect(step.lost).toBe(false)
          delivered.push(...offsets(step))
          if (step.read !== undefined) open.push(step.read)
        }
        const answer = (): void => {
          const place = open.shift()
          if (place === undefined) return
          const kept = Array.from({ length: newest - place.offset }, (_, i) => place.offset + 1 + i)
          follow(sequencer.found(found("e", newest, ...kept)))
        }
        for (const { offset, answer: answers } of all) {
          newest = Math.max(newest, offset)
          follow(sequencer.arrive("e", message(offset)))
          if (answers) answer()
        }
        follow(sequencer.check())
        while (open.length > 0) answer()
        expect(delivered).toEqual(Array.from({ length: newest }, (_, i) => i + 1))
      }),
      { numRuns: 500 },
    )
  })
})
