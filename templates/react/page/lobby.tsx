import { useState, type FormEvent } from "react"
import type { Message } from "../contract/topics.js"
import { useChannel, useEvent, usePresence, usePush, useStatus } from "./hooks.js"
import { reasonOf } from "./reason.js"

export function Lobby({ name }: { name: string }) {
  const status = useStatus()
  // `recover` brings what was said while the connection was lost, and `rewind` the last messages from before the join.
  const room = useChannel("room:lobby", { name }, { recover: { rewind: 20 } })
  const people = usePresence(room)
  const push = usePush(room)
  const [messages, setMessages] = useState<Message[]>([])
  const [failure, setFailure] = useState("")
  useEvent(room, "new_msg", (message) => setMessages((all) => [...all, message]))

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const field = event.currentTarget.elements.namedItem("text") as HTMLInputElement
    const text = field.value
    try {
      // `retry` sends the message again after a cut; the server handles it once.
      await push("new_msg", { text }, { retry: true })
      // The person may have typed the next message while this one was on its way.
      if (field.value === text) field.value = ""
      setFailure("")
    } catch (error) {
      setFailure(reasonOf(error))
    }
  }

  return (
    <>
      <header>
        <h1>Lobby</h1>
        <p role="status">{status}</p>
      </header>
      <p>Here now: {Object.keys(people).join(", ") || "nobody"}</p>
      <ol aria-label="Messages" tabIndex={0}>
        {messages.map(({ id, from, text }) => (
          <li key={id}>
            <b>{from}</b> {text}
          </li>
        ))}
      </ol>
      <p role="alert">{room.error ? reasonOf(room.error) : failure}</p>
      <form onSubmit={(event) => void send(event)}>
        <label>
          Message <input name="text" autoComplete="off" maxLength={500} required />
        </label>
        <button>Send</button>
      </form>
    </>
  )
}
