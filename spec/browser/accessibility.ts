import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type * as Axe from "axe-core"
import type { Page } from "playwright-core"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** The violations that axe finds on a page. The context has to bypass the page's policy, which forbids axe's script. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe })
  return await page.evaluate(async () => {
    const { run } = (globalThis as unknown as { axe: typeof Axe }).axe
    const { violations } = await run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    })
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`))
  })
}
