import { randomUUID } from "node:crypto"
import { freePort } from "../../../spec/support/free-port.js"
import { NodeProcess } from "../../../spec/support/node-process.js"
import { stopped, type Fault, type Random } from "./faults.js"

const COUNT = 3
/** How far the clock of a node may be behind or ahead. */
const SKEW_MS = 600_000
/** More than the messages of a topic. */
const HISTORY = 200_000

/** The nodes that the clients of a storm come to. */
export interface Nodes extends AsyncDisposable {
  readonly ports: number[]
  readonly faults: readonly Fault[]
}

type Options = Readonly<Record<string, string | number>>

/** Nodes in processes of their own. */
export async function startNodes(engine: Options, random: Random, moved: (ports: number[]) => void): Promise<Nodes> {
  const options = { ...engine, prefix: randomUUID(), history: HISTORY }
  const started: NodeProcess[] = []
  const nodes: NodeProcess[] = []
  const ports = (): number[] => nodes.map(({ port }) => port)
  const start = async (): Promise<void> => {
    const node = NodeProcess.start({ ...options, skew: random(2 * SKEW_MS) - SKEW_MS })
    started.push(node)
    nodes.push(await node.ready())
    moved(ports())
  }
  const killed = async (): Promise<void> => {
    const [victim] = nodes.splice(random(nodes.length), 1)
    await victim?.program.kill()
    moved(ports())
    await start()
  }
  const end = async (): Promise<void> => {
    await Promise.all(started.map(({ program }) => program.kill()))
  }
  try {
    for (let i = 0; i < COUNT; i++) await start()
  } catch (error) {
    await end()
    throw error
  }
  return {
    get ports() {
      return ports()
    },
    faults: [
      { name: "a node killed (SIGKILL), another with another clock", run: killed },
      stopped("a node", random, () => {
        const victim = nodes[random(nodes.length)]
        return (signal) => victim?.program.signal(signal)
      }),
    ],
    [Symbol.asyncDispose]: end,
  }
}

/** Workers at one port. */
export async function startWorkerNodes(engine: Options, random: Random): Promise<Nodes> {
  const options = { ...engine, prefix: randomUUID(), history: HISTORY, workers: COUNT, port: await freePort() }
  const node = NodeProcess.start(options, "spec/support/cluster-workers.ts")
  const { program } = node
  try {
    await node.ready()
  } catch (error) {
    await program.kill()
    throw error
  }
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  const victim = (): number => {
    const pids = [...program.output.matchAll(/^worker (\d+) starts$/gm)].map(([, pid]) => Number(pid)).filter(isAlive)
    return pids[random(pids.length)] as number
  }
  return {
    ports: [node.port],
    faults: [
      {
        name: "a worker killed (SIGKILL), another in its place",
        run: async () => void process.kill(victim(), "SIGKILL"),
      },
      stopped("a worker", random, () => {
        const pid = victim()
        return (signal) => process.kill(pid, signal)
      }),
    ],
    async [Symbol.asyncDispose]() {
      await program.kill()
    },
  }
}
