import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { ROOT } from "../packaging/build.js"
import { binaryOf, PACKAGES } from "./binary.js"
import { ready } from "./runtimes.js"

/** The sources import each other by the names of the built files, and `npm run typecheck` checks their types. */
const FLAGS = ["publish", "--dry-run", "--allow-dirty", "--no-check", "--sloppy-imports", "--no-lock"]

it("JSR would take the sources as they are", async ({ skip }) => {
  const deno = await ready("Deno", { Deno: async () => ({ file: await binaryOf(PACKAGES.deno) }) })
  if (typeof deno === "string") return skip(deno)
  const env = { ...process.env, NO_COLOR: "1" }
  const { stderr } = await promisify(execFile)(deno.file, FLAGS, { cwd: ROOT, env })
  expect(stderr).toMatch(/^Simulating publish of @rookery\/rookery@/m)
})
