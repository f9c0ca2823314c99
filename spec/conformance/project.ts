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

/** A project with only the packed package, and links to further packages beside it. */
export async function emptyProject(...links: string[]): Promise<Project> {
  const project = await installPacked(["mitt", "msgpackr", "msgpackr-extract", "ws", ...links])
  project.write("package.json", JSON.stringify({ private: true, type: "module" }))
  return project
}

const make = (entry: string, outfile: string, options: BuildOptions): Promise<unknown> =>
  // Without the empty configuration, the paths of tsconfig.json would lead to the sources.
  build({ entryPoints: [entry], outfile, bundle: true, format: "esm", target: "es2022", tsconfigRaw: {}, ...options })

/** Bundles a program into a project, for runtimes that read packages by themselves. Returns its path. */
export async function bundleProgram({ folder }: Project, name: string, from: string = PROGRAMS): Promise<string> {
  const outfile = join(folder, `${name}.mjs`)
  await make(join(from, `${name}.ts`), outfile, { platform: "node", packages: "external" })
  return outfile
}

/** Bundles a program with its packages, which the bundler finds from the project's own folder. Returns its path. */
async function bundleWhole(project: Project, name: string, options: BuildOptions): Promise<string> {
  const outfile = join(project.folder, `${name}.js`)
  await make(await bundleProgram(project, name), outfile, options)
  return outfile
}

/** Bundles a program with its packages into one module for workerd. Returns its path. */
export const bundleWorker = (project: Project, name: string): Promise<string> =>
  bundleWhole(project, name, { platform: "neutral", conditions: ["workerd", "worker"] })

/** Packs and installs the package, and bundles the programs as users would. */
export async function makeProject(): Promise<ConformanceProject> {
  const project = await emptyProject()
  const server = await bundleProgram(project, "server")
  const command = await bundleProgram(project, "command")
  const rooms = await bundleProgram(project, "rooms-command")
  await bundleWhole(project, "page", { platform: "browser" })
  const worker = await bundleWorker(project, "worker")
  await bundleWorker(project, "rooms-worker")
  return { ...project, server, command, worker, rooms }
}
