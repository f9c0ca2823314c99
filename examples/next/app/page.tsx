import type { ReactElement } from "react"
import { Chat } from "./chat"

// The server reads the endpoint's URL when it starts, not when it is built.
export const dynamic = "force-dynamic"

/** The page. It is rendered on the server, where the hooks do not connect. */
export default function Page(): ReactElement {
  return (
    <main>
      <h1>The lobby</h1>
      <Chat endPoint={process.env.SOCKET_URL ?? "ws://localhost:4000/socket"} />
    </main>
  )
}
