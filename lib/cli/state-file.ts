import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"

/** The file in which the command keeps its state: in the XDG base directories, and on Windows among local data. */
export function stateFile(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = env["HOME"] || homedir()
  const local = env["LOCALAPPDATA"] || join(home, "AppData", "Local")
  const said = env["XDG_STATE_HOME"]
  // The specification says to ignore a relative path.
  const folder = said !== undefined && isAbsolute(said) ? said : join(home, ".local", "state")
  return join(platform === "win32" ? local : folder, "rookery", name)
}
