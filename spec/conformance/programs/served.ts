import type { Endpoint } from "rookery/server"

/** An endpoint of Bun or Deno: its server hands the requests for other paths to a function. */
interface Served {
  listen(
    options: { port: number; host: string },
    otherwise: (request: Request) => Promise<Response>,
  ): Promise<{ port: number }>
}

/** Serves an endpoint as a program of Bun or Deno, which prints its port and lives until the end of standard input. */
export async function serveCommand(
  endpoint: Endpoint,
  otherwise: (request: Request) => Promise<Response>,
): Promise<void> {
  const { port } = await (endpoint as unknown as Served).listen({ port: 0, host: "127.0.0.1" }, otherwise)
  console.log(JSON.stringify({ port }))
  process.stdin.on("end", () => process.exit()).resume()
}

/** An endpoint of Workers. */
export const fetchOf = (endpoint: Endpoint): ((request: Request) => Promise<Response>) =>
  (endpoint as unknown as { fetch(request: Request): Promise<Response> }).fetch.bind(endpoint)
