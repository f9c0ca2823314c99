import { useState, type FormEvent, type ReactElement } from "react"
import { SocketProvider, useStatus } from "./hooks.js"
import { Room } from "./room.js"

const ROOMS = ["lobby", "garden", "attic"]

const LIGHTS = {
  disconnected: "Not connected",
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Connection lost, trying again",
}

function Light(): ReactElement {
  return <p role="status">{LIGHTS[useStatus()]}</p>
}

/** Asks for one line of text. */
function Ask({
  label,
  button,
  onAnswer,
}: {
  label: string
  button: string
  onAnswer(text: string): void
}): ReactElement {
  const answer = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget).get("text")).trim()
    if (text) onAnswer(text)
  }
  return (
    <form onSubmit={answer}>
      <label>
        {label} <input name="text" autoComplete="off" />
      </label>
      <button>{button}</button>
    </form>
  )
}

export function App(): ReactElement {
  const [name, setName] = useState<string>()
  const [room, setRoom] = useState("lobby")
  if (name === undefined) return <Ask label="Your name" button="Come in" onAnswer={setName} />
  return (
    <SocketProvider endPoint="/socket">
      <Light />
      <nav aria-label="Rooms">
        {ROOMS.map((other) => (
          <button key={other} aria-pressed={other === room} onClick={() => setRoom(other)}>
            {other}
          </button>
        ))}
      </nav>
      <Room key={room} topic={`room:${room}`} name={name} />
    </SocketProvider>
  )
}
