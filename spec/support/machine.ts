import { spawnSync } from "node:child_process"

/**
 * Whether the specs treat this machine as one that has only Node and the npm packages: system browsers, Redis and tmux
 * count as not installed, and the specs that need them are skipped, in CI too.
 */
export const IS_BARE: boolean = (process.env["ROOKERY_BARE"] ?? "") !== ""

/** Whether this is CI, where everything that comes with the npm packages has to work. */
export const IS_CI: boolean = (process.env["CI"] ?? "") !== ""

/** Whether every spec has to run, so that a missing program is an error and not a skipped spec. */
export const MUST_HAVE_ALL: boolean = IS_CI && !IS_BARE

const starts = (name: string, flag: string): boolean => !IS_BARE && spawnSync(name, [flag]).status === 0

/** The server to start for specs with Redis, if there is one. */
export const REDIS: string | undefined = ["redis-server", "valkey-server"].find((name) => starts(name, "--version"))

/** The major version of that server; Valkey's go on where Redis's were. 0 without a server. */
export const REDIS_VERSION: number = Number(
  REDIS === undefined ? 0 : (/\bv=(\d+)/.exec(spawnSync(REDIS, ["--version"], { encoding: "utf8" }).stdout)?.[1] ?? 0),
)

/** Whether specs can run programs in a terminal. */
export const HAS_TMUX: boolean = starts("tmux", "-V")

/** The specs that this machine cannot run, and the packages to install for them: one line of text each. */
export function missingPrograms(): string[] {
  const lines: string[] = []
  if (REDIS === undefined)
    lines.push("Specs with Redis are skipped: install redis-server (apt-get install redis-server).")
  if (!HAS_TMUX) lines.push("Specs in a real terminal are skipped: install tmux (apt-get install tmux).")
  return lines
}
