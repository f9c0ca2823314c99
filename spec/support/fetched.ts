import { execFile } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { IS_CI } from "./machine.js"

const CACHES = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url))
const FLAGS = [
  "--prefer-offline",
  "--ignore-scripts",
  "--no-audit",
  "--no-fund",
  "--no-package-lock",
  `--fetch-retries=${IS_CI ? 5 : 1}`,
]

/** npm's message about a failure, as one line of text. */
export const npmSays = (error: unknown): string =>
  /^npm error (?!code|errno|syscall)(.+)$/m.exec((error as { stderr?: string }).stderr ?? "")?.[1] ?? String(error)

/** Packages that this machine cannot install now. */
export class Unavailable extends Error {}

const OFFLINE =
  /^npm error code E(NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|NETUNREACH|HOSTUNREACH|NOTCACHED|RR_SOCKET_TIMEOUT)$/m

/** Whether npm failed because there is no network. */
export const isOffline = (error: unknown): boolean => OFFLINE.test((error as { stderr?: string }).stderr ?? "")

/** Runs npm in a folder, quietly. */
export async function npm(args: readonly string[], cwd: string): Promise<{ stdout: string; stderr: string }> {
  const windows = process.platform === "win32"
  return promisify(execFile)(windows ? "npm.cmd" : "npm", [...args], { cwd, shell: windows, timeout: 300_000 })
}

/**
 * The folder of packages that only some specs need, each at one version, and that are too large for the dependencies of
 * the repository. The first use installs them, wholly or not at all. Throws {@link Unavailable} if npm cannot do that.
 */
export async function fetched(cache: string, name: string, packages: readonly string[]): Promise<string> {
  const folder = join(CACHES, cache, name)
  if (existsSync(folder)) return folder
  mkdirSync(join(CACHES, cache), { recursive: true })
  const unfinished = mkdtempSync(join(CACHES, cache, "unfinished-"))
  try {
    await npm(["install", "--prefix", unfinished, ...FLAGS, ...packages], unfinished)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw new Unavailable(`npm does not install ${packages[0]}: ${npmSays(error)}`, { cause: error })
  }
  try {
    // Another process may have been faster.
    if (!existsSync(folder)) renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return folder
}
