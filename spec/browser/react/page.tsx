import { startTransition, StrictMode, useEffect, useLayoutEffect, useState, type ReactElement } from "react"
import { createRoot, hydrateRoot, type Root } from "react-dom/client"
import { Socket, type SocketOptions } from "rookery"
import { App, log, pushes, SocketProvider, useChannel, usePresence, usePush, type Shown } from "./app.js"
import type { Topics } from "./topics.js"

let root: Root | undefined
const given = new Socket<Topics>("/socket")
/** The refs of handlers on a channel that the page itself made. */
const bound = new Set<number>()

function start(): Root {
  const element = document.createElement("div")
  document.body.append(element)
  return createRoot(element)
}

const optionsOf = ({ token, authToken }: Shown): SocketOptions | undefined =>
  token === undefined ? undefined : { params: () => ({ token }), authToken }

const Whole = (shown: Shown): ReactElement => (
  <StrictMode>
    <SocketProvider endPoint={shown.endPoint ?? "/socket"} options={optionsOf(shown)}>
      <App {...shown} />
    </SocketProvider>
  </StrictMode>
)

/** A component so slow that incoming messages interrupt a rendering. */
function Count(): ReactElement {
  const room = useChannel("room:crowd", {})
  const people = Object.keys(usePresence(room)).length
  const until = performance.now() + 6
  while (performance.now() < until);
  return <i>{people}</i>
}

type Counted = [most: number, numbers: number]

/** Many components that count one growing crowd. Notes how many different numbers a rendering, and all of them, had. */
function Crowd({ times, done }: { times: number; done: (counted: Counted) => void }): ReactElement {
  const [drawn, setDrawn] = useState(0)
  const [seen] = useState(() => ({ most: 0, numbers: new Set<string>(), asked: 0 }))
  const room = useChannel("room:crowd", {})
  const push = usePush(room)
  const isJoined = room.state === "joined"
  useLayoutEffect(() => {
    const counts = new Set([...document.querySelectorAll("i")].map(({ textContent }) => textContent))
    for (const count of counts) seen.numbers.add(count)
    seen.most = Math.max(seen.most, counts.size)
  })
  useEffect(() => {
    if (!isJoined) return
    // Where the machine is busy, the drawings can be over before the first person is heard of.
    if (drawn >= times && seen.numbers.size > 1) return done([seen.most, seen.numbers.size])
    startTransition(() => setDrawn(drawn + 1))
    push("say", { text: `person ${drawn}` })
  }, [drawn, done, isJoined, push, seen, times])
  return (
    <>
      {Array.from({ length: 12 }, (_, i) => (
        <Count key={`${i} ${drawn}`} />
      ))}
    </>
  )
}

const page = {
  log,
  /** Shows parts of the app, with a socket of the provider or of the page. */
  show(shown: Shown, mine = false): void {
    root ??= start()
    root.render(
      mine ? (
        <StrictMode>
          <SocketProvider socket={given}>
            <App {...shown} />
          </SocketProvider>
        </StrictMode>
      ) : (
        <Whole {...shown} />
      ),
    )
  },
  hide(): void {
    root?.unmount()
    root = undefined
  },
  push: (id: string, text: string): Promise<string> | undefined => pushes.get(id)?.(text),
  /** Resolves when the work of the next task is done. */
  settled: (): Promise<void> => new Promise((resolve) => setTimeout(() => setTimeout(resolve))),
  connect(): void {
    given.connect()
  },
  status: (): string => given.status,
  /** Joins a room without React, and counts its handlers. */
  async own(topic: `room:${string}`): Promise<void> {
    const channel = given.channel(topic, {})
    const { on, off } = channel
    channel.on = (...args: Parameters<typeof on>) => {
      const ref = on.apply(channel, args)
      bound.add(ref)
      return ref
    }
    channel.off = (event, ref) => {
      bound.delete(ref ?? 0)
      off.call(channel, event, ref)
    }
    await channel.join()
  },
  bound: (): number => bound.size,
  hydrate(shown: Shown): void {
    const element = document.querySelector("#server")
    if (!element) throw new Error("the server has rendered nothing")
    const onRecoverableError = (error: unknown): void => void log.push(`recovered: ${String(error)}`)
    root = hydrateRoot(element, <Whole {...shown} />, { onRecoverableError })
  },
  crowd: (times: number): Promise<Counted> =>
    new Promise((done) => {
      root = start()
      root.render(
        <SocketProvider endPoint="/socket">
          <Crowd times={times} done={done} />
        </SocketProvider>,
      )
    }),
}

export type Page = typeof page

Object.assign(globalThis, { page })
