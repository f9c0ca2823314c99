import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import ts from "typescript"

/** A declaration with a name of its own in a file. */
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

/** The node of a declaration's name. */
export function nameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isConstructorDeclaration(node)) return node
  return (node as Partial<ts.NamedDeclaration>).name
}

/** The declarations at the top level of a file. */
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
    // The bundler of the types appends a number to names that would collide.
    return name === undefined ? [] : { name: name.replace(/\$\d+$/, ""), node, source }
  })
}

/** The members of a declaration by name, but not the members of these. */
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

/** The relative imports of a file, for values or for types alone. */
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

/** A file and all files that it imports, directly or through others. */
export function closureOf(path: string, known: Set<string> = new Set()): Set<string> {
  if (known.has(path)) return known
  known.add(path)
  for (const file of importsOf(path)) closureOf(file, known)
  return known
}
