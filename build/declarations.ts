import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import ts from "typescript"

/** Something that has a name of its own in a file. */
export interface Declaration {
  readonly name: string
  readonly node: ts.Node
  readonly source: ts.SourceFile
}

const parsed = new Map<string, ts.SourceFile>()

/** Reads a file as the compiler does, once; nothing is checked. */
export function parse(path: string): ts.SourceFile {
  const source = parsed.get(path) ?? ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true)
  parsed.set(path, source)
  return source
}

/** The name that a declaration goes by, and where it stands. */
export function nameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isConstructorDeclaration(node)) return node
  return (node as Partial<ts.NamedDeclaration>).name
}

/** What is declared at the top of a file. */
export function declarationsOf(source: ts.SourceFile): Declaration[] {
  const nodes = source.statements.flatMap((node): readonly ts.Node[] =>
    ts.isVariableStatement(node) ? node.declarationList.declarations : [node],
  )
  const isDeclaration = (node: ts.Node): boolean =>
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isVariableDeclaration(node)
  return nodes.filter(isDeclaration).flatMap((node) => {
    const name = nameOf(node)?.getText()
    // The bundler of the types numbers those that would have one name.
    return name === undefined ? [] : { name: name.replace(/\$\d+$/, ""), node, source }
  })
}

/** The members that are written out in a declaration, by name; theirs are their own. */
export function membersOf(node: ts.Node): [name: string, member: ts.Node][] {
  const found: [string, ts.Node][] = []
  ts.forEachChild(node, (child) => {
    const name = ts.isTypeElement(child) || ts.isClassElement(child) ? nameOf(child) : undefined
    if (name) found.push([ts.isConstructorDeclaration(child) ? "constructor" : name.getText(), child])
    else if (!ts.isBlock(child)) found.push(...membersOf(child))
  })
  return found
}

const imported = new Map<string, readonly string[]>()

/** The files that a file of ours imports, for values or for types alone. */
function importsOf(path: string): readonly string[] {
  const known = imported.get(path)
  if (known) return known
  const own = ts
    .preProcessFile(readFileSync(path, "utf8"))
    .importedFiles.filter(({ fileName }) => fileName.startsWith("."))
  const found = own.flatMap(({ fileName }) => {
    const base = join(dirname(path), fileName)
    return [".d.$1ts", ".$1ts"]
      .map((extension) => base.replace(/\.(c?)js$/, extension))
      .filter((file) => existsSync(file))
  })
  imported.set(path, found)
  return found
}

/** The files that a file of ours leads to, itself among them. */
export function closureOf(path: string, known: Set<string> = new Set()): Set<string> {
  if (known.has(path)) return known
  known.add(path)
  for (const file of importsOf(path)) closureOf(file, known)
  return known
}
