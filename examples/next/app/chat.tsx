"use client"

import { useState, type FormEvent, type ReactElement } from "react"
import { createHooks } from "rookery/react"
import type { Message, Topics } from "./topics"

const { SocketProvider, useChannel, useEvent, usePush, useStatus } = createHooks<Topics>()

/** One socket for everything below it: it connects in the browser, when the first room is shown. */
export function Chat({ endPoint }: { endPoint: string }): ReactElement {
  return (
    <SocketProvider endPoint={endPoint}>
      <Light />
      <Room topic="room:lobby" />
    </SocketProvider>
  )
}

function Light(): ReactElement {
  return <p role="status">{useStatus()}</p>
}

function Room({ topic }: { topic: `room:${string}` }): ReactElement {
  const room = useChannel(topic)
  const push = usePush(room)
  const [heard, setHeard] = useState<Message[]>([])
  const [text, setText] = useState("")
  const [failure, setFailure] = useState("")
  useEvent(room, "new_msg", (message) => setHeard((all) => [...all, message]))

  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const from = String(new FormData(event.currentTarget).get("from"))
    try {
      await push("new_msg", { from, text })
      // The person may have typed the next message while this one was on its way.
      setText((now) => (now === text ? "" : now))
      setFailure("")
    } catch (error) {
      setFailure((error as Error).message)
    }
  }

  if (room.error) return <p role="alert">{room.error.message}</p>
  // Earlier messages come with the answer to each join, so a rejoin brings those that were missed while disconnected.
  const messages = new Map([...(room.joined?.messages ?? []), ...heard].map((message) => [message.id, message]))
  return (
    <section aria-busy={room.state !== "joined"}>
      <ol aria-label="Messages">
        {[...messages.values()].map(({ id, from, text }) => (
          <li key={id}>
            <b>{from}</b> {text}
          </li>
        ))}
      </ol>
      <form onSubmit={(event) => void send(event)}>
        <input name="from" aria-label="Your name" placeholder="Your name" defaultValue="Ada" />
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-label="Message"
          placeholder="Message"
          autoComplete="off"
        />
        <button>Send</button>
      </form>
      {failure ? <p role="alert">{failure}</p> : null}
    </section>
  )
}
