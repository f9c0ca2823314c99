import type { Project } from "../packaging/installed.js"
import { Program } from "../support/program.js"
import { binaryOf, PACKAGES } from "./binary.js"
import { bundleProgram, bundleWorker } from "./project.js"
import { DENO_FLAGS } from "./runtimes.js"
import { workerdConfig } from "./servers/runtimes.js"

/** Starts a server of the suite in a runtime that is ready: the program `<name>-command`, or `<name>-worker`. */
export type Host = (project: Project, name: string) => Promise<Program>

/** A runtime that reads packages by itself. */
const commandLine =
  (file: string, flags: readonly string[]): Host =>
  async (project, name) =>
    new Program(file, [...flags, await bundleProgram(project, `${name}-command`)])

/** The runtimes that hand requests of the web to a server, and the way to get each. */
export const HOSTS: Readonly<Record<string, () => Promise<Host>>> = {
  Bun: async () => commandLine(await binaryOf(PACKAGES.bun), ["run"]),
  Deno: async () => commandLine(await binaryOf(PACKAGES.deno), DENO_FLAGS),
  async workerd() {
    const file = await binaryOf(PACKAGES.workerd)
    return async (project, name) => {
      await bundleWorker(project, `${name}-worker`)
      const config = project.write(`${name}.capnp`, workerdConfig(`${name}-worker.js`, ["main"]))
      return new Program(file, ["serve", config, "--control-fd=1"])
    }
  },
}

/** The port of a server, which it prints: workerd in the words of its own. */
export const portOf = async (program: Program): Promise<number> => Number((await program.printed(/"port":(\d+)/))[1])
