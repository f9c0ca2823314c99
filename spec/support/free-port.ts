import { createServer } from "node:net"

const canBind = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

/** A thousand ports for each worker, so that no other spec chooses one between its choice here and its use. */
const FIRST = 20_000 + (Number(process.env["VITEST_POOL_ID"] ?? 0) % 10) * 1000

const given = new Set<number>()

/**
 * A port for a program that needs its port in advance, or that listens again after its end. It lies below the ports that
 * systems assign, so that no other program gets it while none listens. None is given twice.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * 1000)
    if (given.has(port) || !(await canBind(port))) continue
    given.add(port)
    return port
  }
}
