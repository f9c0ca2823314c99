import type { Completes, OptionSpec, OptionSpecs } from "./argument-spec.js"
import type { Completed, CompletedCommand } from "./completed.js"

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Text in brackets or between colons of a specification of `_arguments`. */
const escape = (text: string): string => text.replaceAll(/[\\[\]:]/g, String.raw`\$&`)

function action(completes: Completes | undefined): string {
  if (completes === "file") return "_files"
  if (completes === "folder") return "_files -/"
  if (completes === "@file") return "_rookery_at_file"
  return `(${(completes ?? []).join(" ")})`
}

/** An option as `_arguments` takes it: once, unless it may be given more often. */
function specOf(name: string, { short, value, multiple, help, completes }: OptionSpec): string {
  const taken = value === undefined ? "" : `:${escape(value)}:${action(completes)}`
  const told = `[${escape(help)}]${taken}`
  const once = multiple === true ? "*" : ""
  const equals = value === undefined ? "" : "="
  if (short === undefined) return quote(`${once}--${name}${equals}${told}`)
  const spellings = `{-${short},--${name}${equals}}`
  return `${quote(multiple === true ? "*" : `(-${short} --${name})`)}${spellings}${quote(told)}`
}

const specsOf = (options: OptionSpecs): string[] =>
  Object.entries(options).map(([name, option]) => specOf(name, option))

function caseOf({ name, options, completes }: CompletedCommand): string[] {
  const specs = [...specsOf(options), quote(`*:argument:${action(completes)}`)]
  return [`    ${name})`, `      _arguments -s : \\`, `        ${specs.join(" \\\n        ")} ;;`]
}

/** The script that completes `rookery` in zsh, as a file of `$fpath` or sourced. */
export function zshScript({ commands, options }: Completed): string {
  return [
    `#compdef rookery`,
    `# zsh: completes rookery. Made by: rookery completion zsh`,
    ``,
    `_rookery_at_file() {`,
    `  compset -P '*@' && _files`,
    `}`,
    ``,
    `_rookery() {`,
    `  local curcontext=$curcontext name`,
    `  local -a commands=(`,
    ...commands.map(({ name, summary }) => `    ${quote(`${name}:${escape(summary)}`)}`),
    `  )`,
    `  if (( CURRENT == 2 )); then`,
    `    if [[ $PREFIX == -* ]]; then`,
    `      _arguments -s : ${specsOf(options).join(" ")}`,
    `    else`,
    `      commands+=('help:shows the help of a command')`,
    `      _describe -t commands command commands`,
    `    fi`,
    `    return`,
    `  fi`,
    `  name=$words[2]`,
    `  shift words`,
    `  (( CURRENT-- ))`,
    `  case $name in`,
    ...commands.flatMap(caseOf),
    `    help)`,
    `      _describe -t commands command commands ;;`,
    `  esac`,
    `}`,
    ``,
    `if [[ $funcstack[1] == _rookery ]]; then _rookery "$@"; else compdef _rookery rookery; fi`,
    ``,
  ].join("\n")
}
