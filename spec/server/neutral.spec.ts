import { readdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { describe, expect, it } from "vitest"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

const filesOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(ROOT, folder, name))

describe("the core of the server", () => {
  it("type-checks without the types of Node", () => {
    const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
    const files = [
      "lib/server",
      ...["bun", "deno", "longpoll", "memory", "web", "workers"].map((name) => `lib/runtime/${name}`),
    ].flatMap(filesOf)
    expect(files.length).toBeGreaterThan(50)
    const program = ts.createProgram(files, { ...options, types: [] })
    // A package that brings the types of Node would hide what this is about.
    expect(program.getSourceFiles().filter(({ fileName }) => fileName.includes("@types/node"))).toEqual([])
    const wrong = files.flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
    expect(wrong.map(({ file, messageText }) => `${file?.fileName}: ${JSON.stringify(messageText)}`)).toEqual([])
  })
})
