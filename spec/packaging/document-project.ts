import { join } from "node:path"
import { transformSync } from "esbuild"
import { freePort } from "../support/free-port.js"
import { Program } from "../support/program.js"
import { examplesOf, textOf, type Example } from "./examples.js"
import { installPacked, type Project } from "./installed.js"

const LINKS = [
  ...["mitt", "msgpackr", "msgpackr-extract", "ws"],
  ...["capnweb", "express", "fastify", "lmdb", "nodemailer", "phoenix", "redis", "valibot", "zod"],
  ...["socket.io", "socket.io-client"],
]

// Runs a file to its end, whatever it leaves open. One that has to stay prints when it is ready.
const RUN = `import { pathToFileURL } from "node:url"
process.argv.splice(1, 1)
await import(pathToFileURL(process.argv[1]))
console.log("[through]")
// Tests end by themselves.
if (!process.env.STAY && !process.argv[1].includes(".test.")) process.exit(0)
`

/** The examples of a document. Those of the client use the server of the guide, and import its declarations. */
export const withGuide = (document: string): Example[] => {
  const own = examplesOf(textOf(document))
  if (document !== "docs/CLIENT.md") return own
  const names = new Set(own.map(({ name }) => name))
  const guide = examplesOf(textOf("docs/GUIDE.md"))
  return [...guide.filter(({ name }) => !names.has(name)).map((example) => ({ ...example, runs: false })), ...own]
}

/** The examples of one document as files of a project with the packed package, on free ports. */
export class DocumentProject {
  readonly examples: readonly Example[]
  readonly #project: Project
  readonly #ports = new Map<string, number>()

  private constructor(project: Project, examples: readonly Example[]) {
    this.#project = project
    this.examples = examples
  }

  /** @param ports the ports of running servers, by the ports that the document names */
  static async create(document: string, ports: ReadonlyMap<string, number>): Promise<DocumentProject> {
    const project = await installPacked(LINKS)
    const made = new DocumentProject(project, withGuide(document))
    for (const [named, port] of ports) made.#ports.set(named, port)
    project.write("package.json", '{ "type": "module" }')
    project.write("run.mjs", RUN)
    for (const { name, code } of made.examples) {
      const text = await made.#withPorts(code)
      const { code: script } = transformSync(text, { loader: "tsx", target: "es2022" })
      project.write(name.replace(/tsx?$/, "js"), script)
    }
    return made
  }

  /** Runs an example in a separate process; with `stay` its server runs until it is killed. */
  run({ name }: Pick<Example, "name">, stay = false, ...args: string[]): Program {
    const [run, file] = ["run.mjs", name.replace(/tsx?$/, "js")].map((file) => join(this.#project.folder, file))
    return new Program(process.execPath, ["--no-warnings", `${run}`, `${file}`, ...args], { STAY: stay ? "1" : "" })
  }

  remove(): void {
    this.#project.remove()
  }

  async #withPorts(code: string): Promise<string> {
    const local = code.replaceAll("wss://example.com/socket", "ws://localhost:4000/socket")
    const places = /(?<=localhost:|127\.0\.0\.1:|port: |listen\()\d{4,5}\b/g
    for (const [named] of local.matchAll(places)) {
      if (!this.#ports.has(named)) this.#ports.set(named, await freePort())
    }
    return local.replace(places, (named) => String(this.#ports.get(named)))
  }
}
