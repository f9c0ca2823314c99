import { readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { ROOT } from "./build.js"

/** A block of TypeScript in a text of ours. */
export interface Example {
  /** The file that it says it is, in a comment at its top; otherwise one that nobody else has. */
  name: string
  code: string
}

/** The blocks of TypeScript in a text. */
export function examplesOf(markdown: string): Example[] {
  return [...markdown.matchAll(/^```(tsx?)\n([\s\S]*?)^```/gm)].map(([, kind = "", code = ""], i) => ({
    name: /^\/\/ (\S+\.tsx?)\n/.exec(code)?.[1] ?? `example-${i}.${kind}`,
    code,
  }))
}

/** What the compiler says of them, as files of one folder. */
export function problemsOf(examples: Example[]): string[] {
  const text = readFileSync(join(ROOT, "tsconfig.json"), "utf8")
  const { config } = ts.parseConfigFileTextToJson("tsconfig.json", text) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const host = ts.createCompilerHost(options)
  const files = new Map(examples.map(({ name, code }) => [join(ROOT, "spec", name), code]))
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.getSourceFile = (name, target, ...rest) => {
    const code = files.get(name)
    return code === undefined ? getSourceFile(name, target, ...rest) : ts.createSourceFile(name, code, target)
  }
  return ts
    .getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
}
