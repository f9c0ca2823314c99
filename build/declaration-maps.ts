import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import type ts from "typescript"
import { closureOf, declarationsOf, membersOf, nameOf, parse, type Declaration } from "./declarations.js"
import { sourceMapOf, type Mapping, type Place } from "./source-map.js"

const DIST = "dist"
/** The built files whose sources are not at the top of lib/. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  errors: "lib/protocol/errors.ts",
  "server-bun": "lib/runtime/bun/server.ts",
  "server-deno": "lib/runtime/deno/server.ts",
  "server-web": "lib/runtime/web/server.ts",
  "server-workers": "lib/runtime/workers/server.ts",
}

const files = readdirSync(DIST).filter((name) => /\.d\.c?ts$/.test(name))
const entryOf = (file: string): string => {
  const name = file.replace(/\.d\.c?ts$/, "")
  return ELSEWHERE[name] ?? `lib/${name}.ts`
}
const isSource = new Set(readdirSync("lib", { recursive: true, encoding: "utf8" }).map((name) => join("lib", name)))
const entries = files.filter((file) => isSource.has(entryOf(file)) || file.replace(/\..*$/, "") in ELSEWHERE)

/** The sources that the declarations of a built file can come from: those common to all entry points that import it. */
function sourcesOf(file: string): string[] {
  const users = entries.filter((entry) => closureOf(join(DIST, entry)).has(join(DIST, file)))
  const closures = users.map((entry) => closureOf(entryOf(entry)))
  return [...(closures[0] ?? [])].filter((source) => closures.every((closure) => closure.has(source)))
}

const placeOf = (source: ts.SourceFile, node: ts.Node): Place => source.getLineAndCharacterOfPosition(node.getStart())

/** Finds the same declaration in the sources, by its name, its kind, and the largest number of common members. */
function originalOf({ name, node }: Declaration, candidates: readonly Declaration[]): Declaration | undefined {
  const names = new Set(membersOf(node).map(([member]) => member))
  const shared = ({ node }: Declaration): number => membersOf(node).filter(([member]) => names.has(member)).length
  return candidates
    .filter((candidate) => candidate.name === name && candidate.node.kind === node.kind)
    .sort((a, b) => shared(b) - shared(a))[0]
}

/** Maps a declaration and all its members to their sources. */
function* pair(made: Declaration, original: Declaration): Generator<Mapping> {
  const source = relative(DIST, original.source.fileName).replaceAll("\\", "/")
  const names = [nameOf(made.node), nameOf(original.node)]
  // An editor looks up both the name and the whole declaration.
  for (const [from, to] of [[made.node, original.node], names]) {
    if (!from || !to) continue
    yield { made: placeOf(made.source, from), source, original: placeOf(original.source, to) }
  }
  const theirs = membersOf(original.node)
  const seen = new Map<string, number>()
  for (const [name, node] of membersOf(made.node)) {
    const nth = seen.get(name) ?? 0
    seen.set(name, nth + 1)
    const same = theirs.filter(([other]) => other === name)
    const found = (same[nth] ?? same[0])?.[1]
    if (found) yield* pair({ ...made, node }, { ...original, node: found })
  }
}

for (const file of files) {
  const path = join(DIST, file)
  const made = parse(path)
  const candidates = sourcesOf(file).flatMap((source) => declarationsOf(parse(source)))
  const mappings = declarationsOf(made).flatMap((declaration) => {
    const original = originalOf(declaration, candidates)
    if (!original) throw new Error(`${path} declares ${declaration.name}, which is in no source of it`)
    return [...pair(declaration, original)]
  })
  writeFileSync(`${path}.map`, sourceMapOf(file, mappings))
  const text = readFileSync(path, "utf8").replace(/\n\/\/# sourceMappingURL=.*\n$/, "\n")
  writeFileSync(path, `${text.trimEnd()}\n//# sourceMappingURL=${file}.map\n`)
}
