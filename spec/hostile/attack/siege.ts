import { expect } from "vitest"
import type { Endpoint, EndpointOptions, LimitName } from "rookery/server"
import { stages, type Stage } from "../../support/stage.js"
import { answer, type WireClient } from "../../support/wire-client.js"
import { Intruder, messageFrame, type Target } from "./intruder.js"

/** An endpoint under attack, with an honest client that connected before. */
export interface Siege extends Stage {
  readonly target: Target
  /** The hit limits, in order. */
  readonly hits: readonly LimitName[]
  enter(path?: string, headers?: readonly string[]): Promise<Intruder>
  knock(): Promise<Intruder>
  /** Enters and joins. */
  join(topic: string): Promise<Intruder>
  /** Checks that the honest client is still served, and that nothing is left of the other clients. */
  survived(): Promise<void>
}

const build = (endpoint: Endpoint): void => {
  endpoint.channel("room:*", {
    receive: {
      echo: (payload: unknown) => payload,
      shout: (payload: unknown, room) => void room.broadcast("shout", payload as object),
      never: () => new Promise(() => {}),
    },
  })
}

/** Waits until the endpoint has at most this number of sockets. */
function left(endpoint: Endpoint, sockets: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (endpoint.counters().rookery_sockets > sockets) return
      stop()
      resolve()
    }
    const stop = endpoint.on("socketClosed", look)
    look()
  })
}

/** Makes sieges for the specs of one file. */
export function sieges(): (options?: EndpointOptions) => Promise<Siege> {
  const stage = stages()
  return async (options = {}) => {
    const hits: LimitName[] = []
    // The id is the transport, so that a siege can end all sessions of long-poll.
    const connect = options.connect ?? (({ transport }) => ({ id: transport }))
    const made = await stage({ ...options, connect }, (endpoint) => {
      build(endpoint)
      endpoint.on("limitHit", ({ limit }) => hits.push(limit))
    })
    const { endpoint, port } = made
    const honest: WireClient = await made.connect()
    await honest.join("room:honest")
    const intruders: Intruder[] = []
    const keep = async (coming: Promise<Intruder>): Promise<Intruder> => {
      const intruder = await coming
      intruders.push(intruder)
      return intruder
    }
    const enter: Siege["enter"] = (path, headers) => keep(Intruder.enter({ port }, path, headers))
    return {
      ...made,
      hits,
      target: { port },
      enter,
      knock: () => keep(Intruder.connect({ port })),
      async join(topic) {
        const intruder = await enter()
        const { frames } = intruder
        intruder.send(messageFrame("1", "1", topic, "phx_join", {}))
        await intruder.until(() => intruder.frames > frames)
        return intruder
      },
      async survived() {
        honest.send("1", "9", "room:honest", "echo", { still: 1 })
        expect(answer(await honest.next())).toEqual({ status: "ok", response: { still: 1 } })
        expect(honest.unread).toEqual([])
        for (const intruder of intruders) intruder.leave()
        void endpoint.disconnect("longpoll")
        await left(endpoint, 1)
        const { rookery_sockets, rookery_channels, rookery_topics, rookery_errors_total } = endpoint.counters()
        expect({ rookery_sockets, rookery_channels, rookery_topics, rookery_errors_total }).toEqual({
          rookery_sockets: 1,
          rookery_channels: 1,
          rookery_topics: 1,
          rookery_errors_total: 0,
        })
      },
    }
  }
}
