import type { Completes, OptionSpec, OptionSpecs } from "./argument-spec.js"
import type { Completed, CompletedCommand } from "./completed.js"

const quote = (text: string): string => `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`

/** The candidates of a value, as arguments of `complete`. */
function candidates(completes: Completes | undefined): string {
  if (completes === "file") return " -a '(__fish_complete_path (commandline -ct))'"
  if (completes === "folder") return " -a '(__fish_complete_directories (commandline -ct))'"
  if (completes === "@file") return " -a '(__rookery_at_file)'"
  return completes === undefined ? "" : ` -a ${quote(completes.join(" "))}`
}

function optionOf(name: string, { short, value, help, completes }: OptionSpec): string {
  const letter = short === undefined ? "" : ` -s ${short}`
  return `-l ${name}${letter}${value === undefined ? "" : ` -x${candidates(completes)}`} -d ${quote(help)}`
}

const rowsOf = (condition: string, options: OptionSpecs): string[] =>
  Object.entries(options).map(
    ([name, option]) => `complete -c rookery -n ${quote(condition)} ${optionOf(name, option)}`,
  )

function commandRows({ name, options, completes }: CompletedCommand): string[] {
  const condition = `__rookery_runs ${name}`
  const own = completes === undefined ? [] : [`complete -c rookery -n ${quote(condition)}${candidates(completes)}`]
  return [...rowsOf(condition, options), ...own]
}

/** The script that completes `rookery` in fish. */
export function fishScript({ commands, options }: Completed): string {
  return [
    `# fish: completes rookery. Made by: rookery completion fish`,
    ``,
    `function __rookery_begins`,
    `  test (count (commandline -opc)) -eq 1`,
    `end`,
    ``,
    `function __rookery_runs`,
    `  set -l words (commandline -opc)`,
    `  test (count $words) -gt 1; and test "$words[2]" = "$argv[1]"`,
    `end`,
    ``,
    `function __rookery_at_file`,
    `  set -l word (string replace -r '^--[^=]*=' '' -- (commandline -ct))`,
    `  string match -q '*@*' -- $word; or return`,
    `  set -l before (string replace -r '[^@]*$' '' -- $word)`,
    `  for path in (__fish_complete_path (string replace -r '^.*@' '' -- $word))`,
    `    echo $before$path`,
    `  end`,
    `end`,
    ``,
    `complete -c rookery -e`,
    `complete -c rookery -f`,
    ...commands.map(({ name, summary }) => `complete -c rookery -n __rookery_begins -a ${name} -d ${quote(summary)}`),
    `complete -c rookery -n __rookery_begins -a help -d 'shows the help of a command'`,
    ...commands.map(({ name }) => `complete -c rookery -n '__rookery_runs help' -a ${name}`),
    ...rowsOf("__rookery_begins", options),
    ...commands.flatMap(commandRows),
    ``,
  ].join("\n")
}
