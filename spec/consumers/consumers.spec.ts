import { afterAll, describe, expect, it } from "vitest"
import { Unavailable } from "../support/fetched.js"
import { CONSUMERS } from "./consumers.js"
import { Stage } from "./stage.js"

const stage = new Stage()
afterAll(() => stage.close())

// The others are slow; `npm run consumers` runs all of them.
describe.each(CONSUMERS.filter(({ quick }) => quick))("the packed package in a project with $name", ({ shows }) => {
  // The checks run one after the other, in the project that the first one makes.
  const all = Object.entries(shows(stage)).map(([what, show], i) => ({ what, show, isFirst: i === 0 }))
  let missing = ""
  it.for(all)("$what", async ({ show, isFirst }, { skip }) => {
    if (missing) skip(missing)
    try {
      expect(await show()).toBeUndefined()
    } catch (error) {
      if (!(error instanceof Unavailable) || process.env["CI"]) throw error
      console.warn(`left out: ${error.message}`)
      if (isFirst) missing = error.message
      skip(error.message)
    }
  })
})
