import type { ReactElement } from "react"
import { Chat } from "./chat"

// Where the endpoint is, the server is told when it starts, and not when it is built.
export const dynamic = "force-dynamic"

/** Rendered on the server, where the hooks connect to nothing. */
export default function Page(): ReactElement {
  return (
    <main>
      <h1>The lobby</h1>
      <Chat endPoint={process.env.SOCKET_URL ?? "ws://localhost:4000/socket"} />
    </main>
  )
}
