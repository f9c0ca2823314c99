import cluster from "node:cluster"
import { parseArgs } from "node:util"
import { startWorkers } from "rookery/server"

/** The workers of one machine, each of which is a node of a cluster: prints the processes that it starts. */
const { values } = parseArgs({ options: { workers: { type: "string", default: "2" } }, strict: false })

if (cluster.isPrimary) {
  cluster.on("fork", ({ process: { pid } }) => console.log(`worker ${pid} starts`))
  await startWorkers({ count: Number(values.workers) })
} else {
  await import("./cluster-node.js")
}
