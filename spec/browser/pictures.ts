import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, expect } from "vitest"

/**
 * Gives the function that takes pictures of a page for people to look at, by name. They go into the folder of
 * `SCREENSHOTS`; without that, into a temporary one that the spec deletes, so that the specs show that they can be taken.
 */
export function pictures(): (page: Page, name: string) => Promise<void> {
  const chosen = process.env["SCREENSHOTS"]
  const folder = chosen ?? mkdtempSync(join(tmpdir(), "rookery-pictures-"))
  if (chosen !== undefined) mkdirSync(chosen, { recursive: true })
  afterAll(() => {
    if (chosen === undefined) rmSync(folder, { recursive: true })
  })
  return async (page, name) => {
    const path = join(folder, `${name}.png`)
    await page.screenshot({ path })
    expect(statSync(path).size).toBeGreaterThan(1000)
  }
}
