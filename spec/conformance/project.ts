import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type BuildOptions } from "esbuild"
import { installPacked, type Project } from "../packaging/installed.js"

const PROGRAMS = fileURLToPath(new URL("programs", import.meta.url))

/** A project with the packed package, and the programs of the suite in it. */
export interface ConformanceProject extends Project {
  /** The server of the clients, for Node. */
  readonly server: string
  /** The suite for runtimes with a command line that read packages by themselves. */
  readonly command: string
  /** The suite for workerd, in one module. */
  readonly worker: string
  /** The servers of the suite, for Node, Bun and Deno. */
  readonly rooms: string
}

/** A project with only the packed package. */
export async function emptyProject(): Promise<Project> {
  const project = await installPacked(["mitt", "msgpackr", "msgpackr-extract", "ws"])
  project.write("package.json", JSON.stringify({ private: true, type: "module" }))
  return project
}

/** Packs and installs the package, and bundles the programs as users would. */
export async function makeProject(): Promise<ConformanceProject> {
  const project = await emptyProject()
  const into = (name: string): string => join(project.folder, name)
  const make = (entry: string, outfile: string, options: BuildOptions): Promise<unknown> =>
    // Without the empty configuration, the paths of tsconfig.json would lead to the sources.
    build({ entryPoints: [entry], outfile, bundle: true, format: "esm", target: "es2022", tsconfigRaw: {}, ...options })
  for (const name of ["server", "command", "page", "worker", "rooms-command", "rooms-worker"]) {
    await make(join(PROGRAMS, `${name}.ts`), into(`${name}.mjs`), { platform: "node", packages: "external" })
  }
  // A bundler resolves the packages of these programs, from the project's own folder.
  await make(into("page.mjs"), into("page.js"), { platform: "browser" })
  await make(into("worker.mjs"), into("worker.js"), { platform: "neutral", conditions: ["workerd", "worker"] })
  await make(into("rooms-worker.mjs"), into("rooms-worker.js"), {
    platform: "neutral",
    conditions: ["workerd", "worker"],
  })
  const [server, command, rooms] = ["server.mjs", "command.mjs", "rooms-command.mjs"].map(into) as [
    string,
    string,
    string,
  ]
  return { ...project, server, command, worker: into("worker.js"), rooms }
}
