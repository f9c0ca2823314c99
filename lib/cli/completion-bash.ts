import type { Completes, OptionSpecs } from "./argument-spec.js"
import type { Completed, CompletedCommand } from "./completed.js"

const optionWords = (options: OptionSpecs): string[] => [
  ...Object.keys(options).map((name) => `--${name}`),
  ...Object.values(options).flatMap(({ short }) => (short === undefined ? [] : [`-${short}`])),
]

const patternOf = (name: string, short: string | undefined): string =>
  short === undefined ? `--${name}` : `--${name} | -${short}`

/** Completes the word, or does nothing: a file after an `@` is completed first. */
function complete(completes: Completes | undefined): string {
  if (completes === "file") return "_rookery_paths -f"
  if (completes === "folder") return "_rookery_paths -d"
  return completes === undefined || completes === "@file" ? ":" : `_rookery_words "${completes.join(" ")}"`
}

function caseOf({ name, options, completes }: CompletedCommand): string[] {
  const valued = Object.entries(options).filter(([, { value }]) => value !== undefined)
  const values = valued.map(
    ([option, spec]) => `        ${patternOf(option, spec.short)}) ${complete(spec.completes)} ;;`,
  )
  return [
    `    ${name})`,
    `      case $before in`,
    ...values,
    `        *)`,
    `          if [[ $word == -* ]]; then _rookery_words "${optionWords(options).join(" ")}"`,
    `          else ${complete(completes)}; fi ;;`,
    `      esac ;;`,
  ]
}

/** The script that completes `rookery` in bash, from 3.2 on. */
export function bashScript({ commands, options }: Completed): string {
  const names = commands.map(({ name }) => name)
  return [
    `# bash: completes rookery. Made by: rookery completion bash`,
    ``,
    `_rookery_words() {`,
    `  local IFS=$' \\t\\n'`,
    `  COMPREPLY=($(compgen -W "$1" -- "$word"))`,
    `}`,
    ``,
    `_rookery_paths() {`,
    `  local IFS=$'\\n'`,
    `  compopt -o filenames 2>/dev/null`,
    `  COMPREPLY=($(compgen "$1" -P "$2" -- "$word"))`,
    `}`,
    ``,
    `_rookery() {`,
    `  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} prefix=""`,
    `  COMPREPLY=()`,
    `  if ((COMP_CWORD == 1)); then`,
    `    _rookery_words "${[...names, "help", ...optionWords(options)].join(" ")}"`,
    `    return`,
    `  fi`,
    `  # By default = and @ end a word: --serializer=json is three words, and @token.txt is two.`,
    `  if [[ $before == *@ && $COMP_WORDBREAKS == *@* ]]; then _rookery_paths -f; return; fi`,
    `  if [[ $word == *@* ]]; then`,
    `    [[ $COMP_WORDBREAKS == *@* ]] || prefix="\${word%@*}@"`,
    `    word=\${word##*@}`,
    `    _rookery_paths -f "$prefix"`,
    `    return`,
    `  fi`,
    `  if [[ $word == = ]]; then word=""`,
    `  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi`,
    `  case \${COMP_WORDS[1]} in`,
    ...commands.flatMap(caseOf),
    `    help) _rookery_words "${names.join(" ")}" ;;`,
    `  esac`,
    `}`,
    ``,
    `complete -F _rookery rookery`,
    ``,
  ].join("\n")
}
