import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

it("starts the endpoint, shows two clients in one room, and ends when it is told to", async () => {
  const args = ["--import", "tsx", "examples/demo/main.ts", "--port", "0", "--once"]
  const env = { ...process.env, TSX_TSCONFIG_PATH: "examples/tsconfig.json" }
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env, timeout: 240_000 })
  for (const line of [
    "The endpoint listens at ws://127.0.0.1:",
    "Bob  sees Ada and Bob",
    "Bob  hears Ada: hello",
    "Ada  knows that it is message 1",
    "Ada  is refused",
    "Ada  learns at once: disconnected",
    "Ada  is reconnecting",
    "Ada  is connected again, and said message 2",
  ]) {
    expect(stdout).toContain(line)
  }
})
