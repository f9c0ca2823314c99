import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { SocketProvider } from "./hooks.js"
import { Lobby } from "./lobby.js"

// Open this page in two tabs: each is a person with a name of its own.
const name = `Guest ${Math.floor(1000 + Math.random() * 9000)}`

const main = document.querySelector("main")
if (main) {
  createRoot(main).render(
    <StrictMode>
      <SocketProvider endPoint="/socket">
        <Lobby name={name} />
      </SocketProvider>
    </StrictMode>,
  )
}
