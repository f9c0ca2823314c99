import { useState, type FormEvent, type ReactElement } from "react"
import type { SpecOf } from "rookery"
import type { ChannelView } from "rookery/react"
import { useChannel, useEvent, usePresence, usePush } from "./hooks.js"
import type { Message, Topics } from "./topics.js"

type RoomTopic = `room:${string}`
type RoomView = ChannelView<SpecOf<Topics, RoomTopic>>

function People({ room }: { room: RoomView }): ReactElement {
  const people = usePresence(room)
  return (
    <ul aria-label="Here now">
      {Object.keys(people).map((name) => (
        <li key={name}>{name}</li>
      ))}
    </ul>
  )
}

/** Shows earlier messages, which come with the answer to each join and rejoin, and new ones, which come as events. */
function Messages({ room }: { room: RoomView }): ReactElement {
  const [heard, setHeard] = useState<Message[]>([])
  useEvent(room, "new_msg", (message) => setHeard((all) => [...all, message]))
  const all = new Map([...(room.joined?.messages ?? []), ...heard].map((message) => [message.id, message]))
  return (
    <ol aria-label="Messages">
      {[...all.values()]
        .sort((a, b) => a.at - b.at)
        .map(({ id, from, text }) => (
          <li key={id}>
            <b>{from}</b> {text}
          </li>
        ))}
    </ol>
  )
}

function Composer({ room }: { room: RoomView }): ReactElement {
  const push = usePush(room)
  const [text, setText] = useState("")
  const [failure, setFailure] = useState("")
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    try {
      await push("new_msg", { text })
      // The person may have typed the next message while this one was on its way.
      setText((now) => (now === text ? "" : now))
      setFailure("")
    } catch (error) {
      setFailure((error as Error).message)
    }
  }
  return (
    <form onSubmit={(event) => void send(event)}>
      <label>
        Message <input value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" />
      </label>
      <button>Send</button>
      {failure ? <p role="alert">{failure}</p> : null}
    </form>
  )
}

export function Room({ topic, name }: { topic: RoomTopic; name: string }): ReactElement {
  const room = useChannel(topic, { name })
  if (room.error) return <p role="alert">{room.error.message}</p>
  return (
    <section aria-label={topic} aria-busy={room.state !== "joined"}>
      <People room={room} />
      <Messages room={room} />
      <Composer room={room} />
    </section>
  )
}
