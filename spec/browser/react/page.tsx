import { startTransition, StrictMode, useLayoutEffect, useState, type ReactElement } from "react"
import { createRoot, hydrateRoot, type Root } from "react-dom/client"
import { Socket } from "rookery"
import { App, log, pushes, SocketProvider, useChannel, usePresence, type Shown } from "./app.js"
import type { Topics } from "./topics.js"

let root: Root | undefined
const given = new Socket<Topics>("/socket")
/** What listens to a channel of the page's own. */
const bound = new Set<number>()

function start(): Root {
  const element = document.createElement("div")
  document.body.append(element)
  return createRoot(element)
}

const Whole = (shown: Shown): ReactElement => (
  <StrictMode>
    <SocketProvider endPoint="/socket">
      <App {...shown} />
    </SocketProvider>
  </StrictMode>
)

/** Slow enough for a rendering to be interrupted. */
function Slow({ seen }: { seen: ReactElement }): ReactElement {
  const until = performance.now() + 3
  while (performance.now() < until);
  return seen
}

function Count(): ReactElement {
  const room = useChannel("room:crowd", {})
  return <Slow seen={<i>{Object.keys(usePresence(room)).length}</i>} />
}

/** Many who count the same crowd, drawn anew and anew; tells how many different numbers a drawing had at most. */
function Crowd({
  times,
  done,
}: {
  times: number
  done: (answer: [most: number, numbers: number]) => void
}): ReactElement {
  const [drawn, setDrawn] = useState(0)
  const [seen] = useState(() => ({ most: 0, numbers: new Set<string>() }))
  useLayoutEffect(() => {
    const counts = new Set([...document.querySelectorAll("i")].map(({ textContent }) => textContent))
    for (const count of counts) seen.numbers.add(count)
    seen.most = Math.max(seen.most, counts.size)
    if (drawn < times) startTransition(() => setDrawn(drawn + 1))
    else done([seen.most, seen.numbers.size])
  })
  return (
    <>
      {Array.from({ length: 10 + (drawn % 7) }, (_, i) => (
        <Count key={`${i} ${drawn}`} />
      ))}
    </>
  )
}

const page = {
  log,
  /** Shows something, with a socket of the provider's or the page's own. */
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
  /** Hides everything and shows it again before anything else happens. */
  blink(shown: Shown): void {
    page.hide()
    page.show(shown)
  },
  push: (id: string, text: string): Promise<string> | undefined => pushes.get(id)?.(text),
  /** Resolves when what was put off until the next task is done. */
  settled: (): Promise<void> => new Promise((resolve) => setTimeout(() => setTimeout(resolve))),
  connect(): void {
    given.connect()
  },
  status: (): string => given.status,
  /** Joins a room without React, and counts who listens to it. */
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
  crowd: (times: number): Promise<[most: number, numbers: number]> =>
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
