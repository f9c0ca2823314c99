import { HELP_OPTION } from "./arguments.js"
import type { Command, CommandEntry } from "./command.js"
import type { Completed } from "./completed.js"
import { bashScript } from "./completion-bash.js"
import { fishScript } from "./completion-fish.js"
import { zshScript } from "./completion-zsh.js"
import { EXIT } from "./exit-codes.js"
import { OWN_OPTIONS } from "./help.js"
import { nearest } from "./nearest.js"
import { UsageError } from "./usage-error.js"

const SCRIPTS: Readonly<Record<string, (completed: Completed) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

const SHELLS: readonly string[] = Object.keys(SCRIPTS)

async function completed(entries: readonly CommandEntry[]): Promise<Completed> {
  const commands = await Promise.all(
    entries.map(async ({ name, summary, load }) => {
      const { options, completes } = await load()
      return { name, summary, options: { ...options, ...HELP_OPTION }, completes }
    }),
  )
  return { commands, options: OWN_OPTIONS }
}

/**
 * `rookery completion`: prints the completion script of a shell for the commands of a table, with the options in their
 * help.
 */
export const completion = (entries: readonly CommandEntry[]): Command => ({
  name: "completion",
  usage: "<shell>",
  arity: [1, 1],
  about: [
    "Prints a script for bash, zsh or fish with which the Tab key completes commands, options, their values",
    "and files after an @. The script is self-contained: print it again after you update the package.",
  ].join("\n"),
  options: {},
  completes: SHELLS,
  examples: [
    "rookery completion bash > ~/.local/share/bash-completion/completions/rookery",
    "rookery completion zsh > ~/.zsh/completions/_rookery  # a folder of $fpath, before compinit",
    "rookery completion fish > ~/.config/fish/completions/rookery.fish",
  ],
  async run(args, { stdout }) {
    const [shell = ""] = args.positionals
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
    if (script === undefined) {
      const meant = nearest(shell, SHELLS)
      const hint = meant === undefined ? "there are bash, zsh and fish" : `did you mean ${meant}?`
      throw new UsageError(`there is no completion for "${shell}"; ${hint}`)
    }
    stdout.write(script(await completed(entries)))
    return EXIT.ok
  },
})
