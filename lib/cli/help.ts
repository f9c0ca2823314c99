import { HELP_OPTION } from "./arguments.js"
import type { Command, CommandEntry } from "./command.js"
import type { OptionSpecs } from "./argument-spec.js"

/** Two columns, the second one aligned. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n")
}

const optionRows = (options: OptionSpecs): [string, string][] =>
  Object.entries(options).map(([name, { short, value, help }]) => [
    `${short === undefined ? "   " : `-${short},`} --${name}${value === undefined ? "" : ` <${value}>`}`,
    help,
  ])

/** The text of `rookery <command> --help`. */
export function commandHelp({ name, usage, about, options, examples }: Command): string {
  return [
    `rookery ${name} ${usage}`.trimEnd(),
    about,
    `Options:\n${columns(optionRows({ ...options, ...HELP_OPTION }))}`,
    `Examples:\n${examples.map((example) => `  ${example}`).join("\n")}`,
  ]
    .join("\n\n")
    .concat("\n")
}

/** The options of `rookery` itself. */
export const OWN_OPTIONS: OptionSpecs = { ...HELP_OPTION, version: { short: "V", help: "show the version" } }

/** The text of `rookery --help`. */
export function overview(commands: readonly CommandEntry[]): string {
  return [
    "rookery <command> [options]",
    "Phoenix Channels from a terminal, and a chat.",
    `Commands:\n${columns(commands.map(({ name, summary }) => [name, summary]))}`,
    `Options:\n${columns(optionRows(OWN_OPTIONS))}`,
    [
      "Exits with 0, with 1 when the server answers with an error, with 2 without an answer, with 64 when",
      "the command is not understood; ended by a signal with 129 (SIGHUP), 130 (Ctrl-C) or 143 (SIGTERM).",
    ].join("\n"),
    "rookery <command> --help prints the details, with examples.",
  ]
    .join("\n\n")
    .concat("\n")
}
