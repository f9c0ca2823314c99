import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { pageByVite, pageOfFolder } from "./page.js"
import { endpoint } from "./rooms.js"

const isProduction = process.argv.includes("--production")
const port = Number(process.env["PORT"] ?? 3000)

const http = createServer()
http.on("request", isProduction ? pageOfFolder("dist") : await pageByVite(http))
endpoint.attach(http) // takes /socket, and leaves every other path to the page
http.on("error", (error: NodeJS.ErrnoException) => {
  const isTaken = error.code === "EADDRINUSE"
  console.error(isTaken ? `Port ${port} is taken; set another: PORT=${port + 1} npm run dev` : error.message)
  process.exit(1)
})
http.listen(port, () => console.log(`Open http://localhost:${(http.address() as AddressInfo).port}/`))

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Not `once`: a terminal sends its signal to npm and to this process, and npm passes its own on.
  process.on(signal, () => {
    // Clients are told to come back, to the next process.
    void endpoint.close({ deadlineMs: 5000 }).then(() => process.exit(0))
  })
}
