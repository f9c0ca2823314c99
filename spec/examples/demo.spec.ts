import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

it("shows the whole way of two clients in one room, and ends by itself", async () => {
  const args = ["--import", "tsx", "examples/demo/main.ts"]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 60_000 })
  for (const line of [
    "Bob   is in, with 2 members",
    "Bob   hears Ada: hello",
    "Ada   knows that it is message 1",
    "Ada   is refused",
    "Ada   learns at once: disconnected",
    "Ada   is connected, and said message 2",
  ]) {
    expect(stdout).toContain(line)
  }
}, 60_000)
