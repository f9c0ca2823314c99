import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { COMMANDS } from "../../lib/cli/commands.js"
import type { Command } from "../../lib/cli/command.js"
import { runCli } from "../support/cli.js"
import { HAS_TMUX } from "../support/machine.js"
import { Terminal } from "../support/tmux.js"

const isHere = (shell: string): boolean => spawnSync(shell, ["-c", "exit 0"]).status === 0

/** The shells of this machine. A completion has no use on a machine without its shell. */
const SHELLS = ["bash", "zsh", "fish"].filter((shell) => isHere(shell))

let commands: Command[]
beforeAll(async () => {
  commands = await Promise.all(COMMANDS.map(({ load }) => load()))
})

async function scriptOf(shell: string): Promise<string> {
  const run = runCli(["completion", shell])
  expect([await run.code, run.stderr.text]).toEqual([0, ""])
  return run.stdout.text
}

/** A folder with the script, a file `token.txt` and a folder `data`. */
async function folderOf(shell: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "rookery-completion-"))
  // A shell that ends may still write there.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 9 }))
  writeFileSync(join(folder, "script"), await scriptOf(shell))
  writeFileSync(join(folder, "token.txt"), "")
  return folder
}

/** Runs a program of a shell in a folder, and returns the lines that it prints. */
function lines(shell: string, cwd: string, program: string): string[] {
  const { status, stdout, stderr } = spawnSync(shell, ["-c", program], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, HOME: cwd },
  })
  expect([status, stderr]).toEqual([0, ""])
  return stdout.split("\n").slice(0, -1)
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** The completions of the last of some words by a shell, each line of text that is completed by itself. */
const COMPLETE: Readonly<Record<string, (folder: string, typed: readonly string[][]) => string[][]>> = {
  bash(folder, typed) {
    const asked = typed.map(
      (words) => `COMP_WORDS=(rookery ${words.map(quote).join(" ")}); COMP_CWORD=${words.length}; _rookery
        printf '%s\\n' "\${COMPREPLY[@]}" ==`,
    )
    return split(lines("bash", folder, `COMP_WORDBREAKS=" ="; source ./script; ${asked.join("\n")}`))
  },
  fish(folder, typed) {
    const asked = typed.map((words) => `complete -C ${quote(["rookery", ...words].join(" "))}; echo ==`)
    const found = split(lines("fish", folder, `source ./script; ${asked.join("\n")}`))
    return found.map((candidates) => candidates.map((candidate) => candidate.split("\t")[0] as string))
  },
}

/** The groups of lines of text that a `==` ends. */
function split(found: readonly string[]): string[][] {
  const groups: string[][] = [[]]
  for (const line of found) {
    if (line === "==") groups.push([])
    else if (line !== "") groups.at(-1)?.push(line)
  }
  return groups.slice(0, -1)
}

describe.each(SHELLS.filter((shell) => shell in COMPLETE))("in %s, the Tab key", (shell) => {
  const completions = async (typed: readonly string[][]): Promise<string[][]> =>
    (COMPLETE[shell] as (typeof COMPLETE)[string])(await folderOf(shell), typed)

  it("completes every command, and help", async () => {
    const [all = [], begun, helped = []] = await completions([[""], ["ta"], ["help", ""]])
    const names = COMMANDS.map(({ name }) => name)
    expect(all.filter((word) => !word.startsWith("-")).sort()).toEqual([...names, "help"].sort())
    expect(begun).toEqual(["tail"])
    expect(helped.sort()).toEqual(names.sort())
  })

  it("completes the options of a command that its help has, and no others", async () => {
    const found = await completions(commands.map(({ name }) => [name, "--"]))
    const options = commands.map((command) => [...Object.keys(command.options), "help"].map((option) => `--${option}`))
    expect(found.map((words) => words.sort())).toEqual(options.map((words) => words.sort()))
  })

  it("completes values of which there are a few", async () => {
    const typed = [
      ["tail", "ws://localhost/socket", "room:1", "--serializer", "m"],
      ["completion", "z"],
    ]
    expect(await completions(typed)).toEqual([["msgpack"], ["zsh"]])
  })

  it("completes the path of a file behind an @, behind a name as well", async () => {
    const typed = [
      ["tail", "--auth-token", "@tok"],
      ["push", "u", "t", "e", "@tok"],
    ]
    expect(await completions(typed)).toEqual([["@token.txt"], ["@token.txt"]])
  })
})

it.runIf(isHere("bash"))("bash completes a value whose words end at = and at @, as they do by default", async () => {
  const folder = await folderOf("bash")
  const typed = [
    ["tail", "--serializer", "=", "m"],
    ["tail", "--serializer", "="],
    ["tail", "--auth-token", "@", "tok"],
    ["tail", "--param", "token", "=@", "tok"],
  ]
  const asked = typed.map(
    (words) =>
      `COMP_WORDS=(rookery ${words.map(quote).join(" ")}); COMP_CWORD=${words.length}; _rookery; echo "\${COMPREPLY[@]}"`,
  )
  // The default of an interactive bash.
  expect(
    lines("bash", folder, `COMP_WORDBREAKS=$' \\t\\n"\\'@><=;|&(:'; source ./script; ${asked.join("\n")}`),
  ).toEqual(["msgpack", "json msgpack v1", "token.txt", "token.txt"])
})

const START: Readonly<Record<string, string[]>> = {
  bash: ["bash", "--norc", "--noprofile", "-i"],
  zsh: ["zsh", "-f", "-i"],
  fish: ["fish", "--no-config", "-i"],
}

describe.runIf(HAS_TMUX).each(SHELLS)("in a terminal with %s", (shell) => {
  it("completes a command, an option and a value by the Tab key", async () => {
    const folder = await folderOf(shell)
    const terminal = await Terminal.open(START[shell] ?? [], { HOME: folder, PS1: "$ " })
    const prepare = shell === "zsh" ? "autoload -U compinit; compinit -u -D; " : ""
    await terminal.enter(`${prepare}cd ${folder}; . ./script; echo re''ady`)
    await terminal.shows(/^ready/m)
    await terminal.type("rookery ta")
    await terminal.press("Tab")
    await terminal.shows(/rookery tail *$/m)
    await terminal.type(" --ser")
    await terminal.press("Tab")
    await terminal.shows(/rookery tail +--serializer[ =]*$/m)
    await terminal.press("C-c")
    await terminal.type("rookery tail --serializer m")
    await terminal.press("Tab")
    await terminal.shows(/--serializer msgpack *$/m)
  })
})

it("a shell that has no completion is an error that names those that have", async () => {
  for (const [shell, said] of [
    ["fihs", "did you mean fish?"],
    ["powershell", "there are bash, zsh and fish"],
  ] as const) {
    const run = runCli(["completion", shell])
    expect([await run.code, run.stdout.text]).toEqual([64, ""])
    expect(run.stderr.text).toBe(`rookery: there is no completion for "${shell}"; ${said}\n`)
  }
})
