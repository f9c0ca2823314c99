import { Program } from "../../support/program.js"
import { binaryOf, PACKAGES } from "../binary.js"
import type { ConformanceProject } from "../project.js"
import { DENO_FLAGS, nodeOf } from "../runtimes.js"
import { COMBINATIONS } from "../stage.js"
import type { Report } from "../suite.js"
import { serverConformance, type Servers } from "./suite.js"

/** The start of a runtime's servers. */
export interface Start {
  readonly file: string
  args(project: ConformanceProject): string[]
  /** Reads the ports of the servers. */
  servers(program: Program): Promise<Servers>
}

async function printed(program: Program): Promise<Servers> {
  const [line] = await program.printed(/^\{"ports".*/)
  return JSON.parse(line) as Servers
}

/** A runtime with a command line. */
const commandLine = (file: string, flags: readonly string[] = [], websockets = ""): Start => ({
  file,
  args: ({ rooms }) => [...flags, rooms, String(COMBINATIONS.length), websockets],
  servers: printed,
})

const rowNames = COMBINATIONS.map((_, i) => `row${i}`)

/** The configuration of a Worker and a Durable Object for each name, each at a separate port. */
export const workerdConfig = (
  worker: string,
  names: readonly string[],
): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${names.map((name) => `(name = "${name}", worker = .${name})`).join(", ")}],
  sockets = [
    ${names.map((name) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`).join(",\n    ")}
  ],
);
${names
  .map(
    (name) => `const ${name} :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed ${JSON.stringify(worker)})],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Rooms", uniqueKey = "${name}", preventEviction = true)],
  durableObjectStorage = (inMemory = void),
  bindings = [(name = "ROOMS", durableObjectNamespace = "Rooms")],
);`,
  )
  .join("\n")}
`

const workerd = async (): Promise<Start> => ({
  file: await binaryOf(PACKAGES.workerd),
  args: (project) => [
    "serve",
    project.write("rooms.capnp", workerdConfig("rooms-worker.js", rowNames)),
    "--control-fd=1",
  ],
  async servers(program) {
    const ports: number[] = []
    while (ports.length < rowNames.length) {
      const [, port] = await program.printed(/"event":"listen".*"port":(\d+)/)
      ports.push(Number(port))
    }
    const response = await fetch(`http://127.0.0.1:${ports[0]}/agent`)
    return { ports, agent: await response.text() }
  },
})

/** All runtimes of servers. */
export const SERVERS: Readonly<Record<string, () => Promise<Start>>> = {
  "Node 20": async () => commandLine(await nodeOf(PACKAGES.node20)),
  "Node 20, ws": async () => commandLine(await nodeOf(PACKAGES.node20), [], "ws"),
  "Node 22": async () => commandLine(await nodeOf(PACKAGES.node22)),
  "Node 22, ws": async () => commandLine(await nodeOf(PACKAGES.node22), [], "ws"),
  "Node 24": async () => commandLine(await nodeOf(PACKAGES.node24)),
  "Node 24, ws": async () => commandLine(await nodeOf(PACKAGES.node24), [], "ws"),
  "Node 26": async () => commandLine(await nodeOf(PACKAGES.node26)),
  "Node 26, ws": async () => commandLine(await nodeOf(PACKAGES.node26), [], "ws"),
  Bun: async () => commandLine(await binaryOf(PACKAGES.bun), ["run"]),
  Deno: async () => commandLine(await binaryOf(PACKAGES.deno), DENO_FLAGS),
  workerd,
}

/** Runs the suite against servers in a runtime. */
export async function runServer(start: Start, project: ConformanceProject): Promise<Report> {
  const program = new Program(start.file, start.args(project))
  try {
    return await serverConformance(await start.servers(program))
  } catch (error) {
    throw new Error(`${String(error)}\n${program.output}`, { cause: error })
  } finally {
    await program.kill()
  }
}
