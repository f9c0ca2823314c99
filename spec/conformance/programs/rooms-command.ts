import { makeEndpoint } from "./rooms.js"

/** Endpoints as a program for Node, Bun and Deno. They live until the end of standard input. */
const [count = "1", websockets = ""] = process.argv.slice(2)

async function extra(): Promise<object> {
  if (websockets !== "ws") return {}
  const [{ WebSocketServer }, { wsServer }] = await Promise.all([import("ws"), import("rookery/server")])
  return { websocketServer: wsServer(WebSocketServer) }
}

const ports: number[] = []
for (let i = 0; i < Number(count); i++) {
  const endpoint = makeEndpoint(await extra())
  ports.push((await endpoint.listen({ port: 0, host: "127.0.0.1" })).port)
}
const { navigator } = globalThis as { navigator?: { userAgent: string } }
console.log(JSON.stringify({ ports, agent: navigator?.userAgent ?? `Node.js/${process.version}` }))
process.stdin.on("end", () => process.exit()).resume()
