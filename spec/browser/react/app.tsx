import { useEffect, useState, type ReactElement } from "react"
import type { SpecOf } from "rookery"
import { createHooks, type ChannelView } from "rookery/react"
import type { Topics } from "./topics.js"

export const { SocketProvider, useChannel, useEvent, usePresence, usePush, useSocket, useStatus } =
  createHooks<Topics>()

type View = ChannelView<SpecOf<Topics, "room:1">>

/** The parts that the app shows. */
export interface Shown {
  rooms: RoomProps[]
  /** Whether to show the status of the connection. */
  status?: boolean
  /** A param of the connection. Without it the provider gets no options. */
  token?: string
  authToken?: string
  endPoint?: string
}

export interface RoomProps {
  id: string
  topic: `room:${string}` | null
  params?: { name?: string; ask?: number }
  /** Whether to give the params as a function, a new one at every rendering. */
  asks?: boolean
  /** A text to push at the first mount. */
  greets?: string
  /** The mark that handlers of this rendering put on received messages. */
  mark?: string
  /** Whether to show the presence. */
  people?: boolean
  /** Whether to listen to the topic by its name. */
  byTopic?: boolean
}

/** The events so far, in order, for the spec to read. */
export const log: string[] = []
export const pushes = new Map<string, (text: string) => Promise<string>>()

function People({ room }: { room: View }): ReactElement {
  return <output className="people">{Object.keys(usePresence(room)).sort().join()}</output>
}

function Ear({ source, params, mark }: { source: View | `room:${string}`; params: object; mark: string }): null {
  const [heard, setHeard] = useState(0)
  const hear = ({ text }: { text: string }): void => {
    setHeard(heard + 1)
    log.push(`${mark}${heard}: ${text}`)
  }
  useEvent(source, "said", hear, params)
  useEvent(typeof source === "string" ? null : source, "welcome", ({ text }) => log.push(`${mark}: ${text}`))
  return null
}

function Room({ id, topic, params = {}, asks, greets, mark, people, byTopic }: RoomProps): ReactElement {
  // The params are a new object at every rendering.
  const room = useChannel(topic, asks ? () => ({ ...params }) : { ...params })
  const push = usePush(room)
  useEffect(() => {
    pushes.set(id, (text) =>
      Promise.resolve()
        .then(() => push("say", { text }))
        .then(
          ({ id }) => `ok ${id}`,
          ({ code, response }: { code: string; response?: { reason: string } }) => `${code} ${response?.reason ?? ""}`,
        ),
    )
  }, [id, push])
  useEffect(() => {
    if (greets) push("say", { text: greets }).receive("ok", () => log.push(`greeted`))
  }, [greets, push])
  return (
    <section id={id} data-state={room.state} data-error={room.error?.code ?? ""}>
      <output className="joined">{JSON.stringify(room.joined ?? null)}</output>
      {people ? <People room={room} /> : null}
      {mark === undefined ? null : <Ear source={byTopic && topic ? topic : room} params={params} mark={mark} />}
    </section>
  )
}

function Light(): ReactElement {
  const status = useStatus()
  useEffect(() => {
    log.push(status)
  }, [status])
  return <p id="status">{status}</p>
}

export function App({ rooms, status }: Shown): ReactElement {
  return (
    <>
      {status ? <Light /> : null}
      {rooms.map((room) => (
        <Room key={room.id} {...room} />
      ))}
    </>
  )
}
