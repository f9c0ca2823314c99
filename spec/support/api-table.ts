import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Stage } from "./api-stage.js"
import { phoenix, rookery, type Subject } from "./libraries.js"

/** The steps of a row. */
export type Steps = (stage: Stage) => unknown

/** One call, option or behaviour of the official client. */
export interface Row {
  readonly shows: string
  readonly steps: Steps
  /** Where Rookery differs on purpose: why, and what each library's log says. */
  readonly differs?: { why: string; phoenix: string[]; rookery: string[] }
}

/** Both libraries do the same. */
export const same = (shows: string, steps: Steps): Row => ({ shows, steps })

/** The two libraries differ, and this is why. */
export const differs = (shows: string, differs: NonNullable<Row["differs"]>, steps: Steps): Row => ({
  shows,
  steps,
  differs,
})

/** Plays every row with both libraries over the same server, and compares their callbacks and the order of these. */
export function compareOn(rows: Row[]): void {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  for (const { shows, steps, differs } of rows) {
    if (differs === undefined) {
      it(shows, async () => {
        const reference = await play(phoenix, steps)
        expect(reference).not.toEqual([])
        expect(await play(rookery, steps)).toEqual(reference)
      })
    } else {
      it(`${shows}: differs, because ${differs.why}`, async () => {
        expect(differs.rookery).not.toEqual(differs.phoenix)
        expect(await play(phoenix, steps)).toEqual(differs.phoenix)
        expect(await play(rookery, steps)).toEqual(differs.rookery)
      })
    }
  }
}

async function play(subject: Subject, steps: Steps): Promise<string[]> {
  const stage = new Stage(subject)
  try {
    await steps(stage)
    return stage.log.lines
  } finally {
    vi.clearAllTimers()
    vi.unstubAllGlobals()
  }
}
