import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { compiled } from "../../support/compiled.js"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))

/** Runs a program of this folder to its end, with a limit on the size of the files that it writes. */
export async function run(
  file: string,
  args: readonly string[],
  { fileKilobytes }: { fileKilobytes: number },
): Promise<{ code: number; output: string }> {
  const program = [process.execPath, compiled(`spec/chat/server/${file}`), ...args]
  // The shell ignores the signal, so that a write fails as on a full disk.
  const script = `trap '' XFSZ; ulimit -f ${fileKilobytes}; exec "$@"`
  const child = spawn("bash", ["-c", script, "bash", ...program], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
  child.stderr.setEncoding("utf8").on("data", () => {})
  const [code] = (await once(child, "close")) as [number]
  return { code, output }
}
