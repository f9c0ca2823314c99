import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { COMMANDS } from "../../lib/cli/commands.js"
import { runCli } from "../support/cli.js"

const URL = "ws://localhost:1/socket"

async function outcome(argv: string[], options?: Parameters<typeof runCli>[1]): Promise<[number, string, string]> {
  const run = runCli(argv, options)
  const code = await run.code
  return [code, run.stdout.text, run.stderr.text]
}

describe("bad usage", () => {
  it.each<[string[], string]>([
    [[], "which command? See rookery --help"],
    [["tial"], 'there is no command "tial"; did you mean tail?'],
    [["frobnicate"], `there is no command "frobnicate"; there are ${COMMANDS.map(({ name }) => name).join(", ")}`],
    [["--json", "tail"], "there is no option --json before a command; see rookery --help"],
    [["help", "psuh"], 'there is no command "psuh"; did you mean push?'],
    [["tail"], "an argument is missing: rookery tail <url> <topic...>"],
    [["tail", URL], "an argument is missing: rookery tail <url> <topic...>"],
    [["push", URL, "a", "b"], "an argument is missing: rookery push <url> <topic> <event> <json>"],
    [["push", URL, "a", "b", "{}", "c"], '"c" is one too many: rookery push <url> <topic> <event> <json>'],
    [["chat-server", "8000"], '"8000" is one too many: rookery chat-server [options]'],
    [["tail", URL, "a", "--jsn"], "there is no option --jsn; did you mean --json?"],
    [["tail", URL, "a", "--serialiser=json"], "there is no option --serialiser; did you mean --serializer?"],
    [["tail", URL, "a", "-x"], "there is no option -x"],
    [["tail", URL, "a", "--constructor"], "there is no option --constructor"],
    [["tail", URL, "a", "--json=yes"], "--json takes no value"],
    [["tail", URL, "a", "--param"], "--param needs a value: --param <name=value>"],
    [["tail", URL, "a", "--param", "--json"], "--param needs a value: --param <name=value>"],
    [["tail", URL, "a", "--param", "token"], "a --param is not name=value"],
    [["tail", URL, "a", "--param", "a=1", "--param", "a=2"], "--param a is given twice"],
    [["tail", URL, "a", "--join", "[]"], "--join is not a JSON object"],
    [["tail", URL, "a", "--join", "{}", "--join", "{}"], "--join is given twice"],
    [["tail", URL, "a", "--timeout", "soon"], "--timeout soon is not a number of milliseconds"],
    [["tail", URL, "a", "--timeout", "0"], "--timeout 0 is not a number of milliseconds"],
    [["tail", URL, "a", "--serializer", "msgpak"], 'there is no serializer "msgpak"; did you mean msgpack?'],
    [["tail", URL, "a", "--serializer", "xml"], 'there is no serializer "xml"; there are json, msgpack and v1'],
    [["tail", URL, "a", "--header", "nothing"], '--header is not "name: value"'],
    [["tail", URL, "a", "--header", "a b: c"], '--header a b is not "name: value"'],
    [["tail", "localhost:4000/socket", "a"], "the URL must begin with ws://, wss://, http:// or https://"],
    [["tail", "ws://", "a"], "this is not a URL: ws://"],
    [["push", URL, "a", "b", "{"], "the payload is not JSON"],
    [
      ["push", URL, "a", "b", "-", "--auth-token", "-"],
      "standard input is either the payload or --auth-token, not both",
    ],
    [["tail", URL, "a", "--param", "a=@-", "--param", "b=@-"], "standard input is either --param a or --param b"],
    [["tail", URL, "a", "--param", "a=@/no/such/file"], "--param a: the file after @ cannot be read (ENOENT)"],
    [["tail", URL, "a", "--auth-token", "@/dev/null"], "--auth-token: the file after @ is empty"],
    [["tail", URL, "a", "--interactive", "--json"], "--interactive has a prompt, and --json has none"],
    [["tail", URL, "a", "--frames", "--event", "new_*"], "--event picks messages, and --frames shows all"],
    [["tail", URL, "a", "--interactive", "--param", "a=@-"], "standard input is either --interactive or --param a"],
    [["inspect"], "an argument is missing: rookery inspect <url>"],
    [["inspect", "ws://localhost/inspect"], "an inspector's URL must begin with http:// or https://"],
    [["inspect", "http://me:secret@localhost/inspect"], "no password in the URL; give it as --header"],
    [["inspect", "http://localhost/inspect", "--header", "nothing"], '--header is not "name: value"'],
    [["chat-server", "--redis", "@/no/such/file"], "--redis: the file after @ cannot be read (ENOENT)"],
    [["chat-server", "--port", "80000"], "--port 80000 is not a port"],
    [["chat-server", "--room-days", "soon"], "--room-days soon is neither a number of days nor never"],
    [["chat-server", "--room-days", "0"], "--room-days 0 is neither a number of days"],
    [["chat-server", "--trust-proxy", "everybody"], "--trust-proxy everybody is neither a number of proxies"],
    [["chat-server", "--host", "0.0.0.0"], "links cannot be sent"],
    [["chat-server", "--workers", "0"], "--workers 0 is not a number of processes: 1 to 256"],
    [["chat-server", "--workers", "2"], "--workers needs --redis <url>"],
    [["chat-server", "--workers", "2", "--data", "x"], "--workers needs --redis <url>"],
  ])("exits with 64 and prints one line of text that says why: rookery %j", async (argv, said) => {
    const [code, stdout, stderr] = await outcome(argv)
    expect([code, stdout]).toEqual([64, ""])
    expect(stderr).toMatch(/^rookery: [^\n]+\n$/)
    expect(stderr).toContain(said)
  })

  it("is told before a token is asked for", async () => {
    expect((await outcome(["tail", URL, "a", "--auth-token", "-", "--timeout", "x"]))[0]).toBe(64)
  })

  it("is a payload on standard input that is not JSON", async () => {
    const [code, , stderr] = await outcome(["push", URL, "a", "b", "-"], { stdin: "{" })
    expect([code, stderr]).toEqual([64, expect.stringContaining("standard input is not JSON")])
  })

  it("is standard input without the token that it was to have", async () => {
    const [code, , stderr] = await outcome(["tail", URL, "a", "--auth-token", "-"], { stdin: "\n" })
    expect([code, stderr]).toEqual([64, expect.stringContaining("--auth-token: there is nothing on standard input")])
  })
})

describe("help", () => {
  it.each([[["--help"]], [["-h"]], [["help"]]])("lists every command: rookery %j", async (argv) => {
    const [code, stdout, stderr] = await outcome(argv)
    expect([code, stderr]).toEqual([0, ""])
    for (const { name, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, "m"))
  })

  it.each(COMMANDS.map(({ name }) => name))("tells the options of a command, with examples: %s", async (name) => {
    const command = await COMMANDS.find((entry) => entry.name === name)?.load()
    const [code, stdout, stderr] = await outcome([name, "--help"])
    expect([code, stderr]).toEqual([0, ""])
    for (const option of [...Object.keys(command?.options ?? {}), "help"]) expect(stdout).toContain(`--${option}`)
    expect(stdout).toMatch(new RegExp(`Examples:\n {2}rookery ${name}`))
    expect(stdout.split("\n").filter((line) => line.length > 120)).toEqual([])
    expect((await outcome(["help", name]))[1]).toBe(stdout)
  })

  it("shows no secret on the command line in any example", async () => {
    const commands = await Promise.all(COMMANDS.map(({ load }) => load()))
    const examples = commands.flatMap((command) => command.examples).join("\n")
    const secrets = [...examples.matchAll(/(?:token=|--auth-token[ =])(\S+)/g)].map(([, value]) => value)
    expect(secrets.length).toBeGreaterThan(1)
    expect(secrets.filter((value) => value?.startsWith("@") !== true)).toEqual([])
  })

  it.each(["tail", "push"])("says how to keep a token out of the arguments: %s", async (name) => {
    expect((await outcome([name, "--help"]))[1]).toMatch(/@file, which reads it\nfrom a file, or as @-/)
  })

  it.each(COMMANDS.map(({ name }) => name))("has examples that a command takes: %s", async (name) => {
    const { readArguments } = await import("../../lib/cli/arguments.js")
    const command = await COMMANDS.find((entry) => entry.name === name)?.load()
    expect(command?.examples.length).toBeGreaterThan(0)
    for (const example of command?.examples ?? []) {
      const line = example.split(/ [|<>] /).find((part) => part.startsWith("rookery")) ?? ""
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "")
      expect(words.slice(0, 2)).toEqual(["rookery", name])
      if (command) expect(() => readArguments(words.slice(2), command)).not.toThrow()
    }
  })
})

it.each(["--version", "-V"])("says the version of the package: rookery %s", async (option) => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string }
  expect(await outcome([option])).toEqual([0, `${version}\n`, ""])
})
