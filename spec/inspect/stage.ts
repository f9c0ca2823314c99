import { afterEach } from "vitest"
import { Socket, type Channel } from "rookery"
import { inspector, type Inspector, type InspectorOptions } from "rookery/inspect"
import { Endpoint, type EndpointOptions } from "rookery/server"
import { inProcess } from "../support/in-process-transport.js"

/** An inspected endpoint, and its clients in the same process. */
export interface InspectedStage {
  readonly endpoint: Endpoint
  readonly inspected: Inspector
  /** The number of listeners that the inspector has at the endpoint. */
  listeners(): number
  /** Connects a client, which joins topics. */
  visit(params: object, ...topics: string[]): Promise<Channel[]>
  /** Asks the inspector, and gives the answer's JSON. */
  read<T>(part: string): Promise<T>
  /** Sends an action, as the inspector's own page does, and gives the status. */
  act(part: string, body: object, headers?: Record<string, string>): Promise<number>
}

/** The socket of a client's channel. */
export const socketOf = (channel: Channel | undefined): Socket => channel?.socket as unknown as Socket

/** The address of the inspector in specs. */
export const HOME = "http://node.test/inspect"

/** Makes stages for the specs of one file. */
export function inspectedStages(): (
  options?: Partial<InspectorOptions>,
  endpointOptions?: EndpointOptions,
) => InspectedStage {
  const ends: (() => void)[] = []
  afterEach(() => {
    for (const end of ends.splice(0)) end()
  })
  return (options = {}, endpointOptions = {}) => {
    const endpoint = new Endpoint({
      logger: false,
      connect: ({ params: { id } }) => ({ id: typeof id === "string" ? id : null }),
      ...endpointOptions,
    })
    endpoint.channel("room:*", {
      join: ({ params }, room) => {
        const { track } = params as { track?: string }
        if (track !== undefined) queueMicrotask(() => room.track(track, { token: "t0ps3cret" }))
      },
      receive: { echo: (payload) => payload, shout: (payload, room) => room.broadcast("shout", payload) },
    })
    let listeners = 0
    const counted = new Proxy(endpoint, {
      get(target, name) {
        if (name === "on") {
          return (...args: Parameters<Endpoint["on"]>) => {
            const stop = target.on(...args)
            listeners++
            return () => {
              stop()
              listeners--
            }
          }
        }
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === "function" ? member.bind(target) : member
      },
    })
    const inspected = inspector(counted, { allow: () => true, ...options })
    ends.push(() => inspected.stop())
    return {
      endpoint,
      inspected,
      listeners: () => listeners,
      async visit(params, ...topics) {
        const socket = new Socket("ws://node.test/socket", { transport: inProcess(endpoint), params })
        ends.push(() => socket.destroy())
        socket.connect()
        await socket.opened()
        const channels = topics.map((topic) => socket.channel(topic, params))
        await Promise.all(channels.map((channel) => channel.join()))
        return channels
      },
      async read<T>(part: string) {
        return (await (await inspected.fetch(new Request(`${HOME}/${part}`))).json()) as T
      },
      async act(part, body, headers = { "x-rookery-inspect": "1", "content-type": "application/json" }) {
        const request = new Request(`${HOME}/${part}`, { method: "POST", headers, body: JSON.stringify(body) })
        return (await inspected.fetch(request)).status
      },
    }
  }
}

/** One event of a stream. */
export interface Told {
  readonly event: string
  readonly data: Record<string, unknown>
}

/** Reads a stream of server-sent events. */
export class StreamReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #text = ""

  constructor(response: Response) {
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader()
  }

  /** The next event; `undefined` at the end. Comments and the time to wait are passed over. */
  async next(): Promise<Told | undefined> {
    for (;;) {
      const at = this.#text.indexOf("\n\n")
      if (at === -1) {
        const { done, value } = await this.#reader.read()
        if (done) return undefined
        this.#text += this.#decoder.decode(value, { stream: true })
        continue
      }
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(this.#text.slice(0, at)) ?? []
      this.#text = this.#text.slice(at + 2)
      if (event !== undefined && data !== undefined) {
        return { event, data: JSON.parse(data) as Record<string, unknown> }
      }
    }
  }

  /** The next event that fits. */
  async until(fits: (told: Told) => boolean): Promise<Told> {
    for (;;) {
      const told = await this.next()
      if (told === undefined) throw new Error("the stream has ended")
      if (fits(told)) return told
    }
  }

  /** Reads some bytes, whatever is in them. */
  async bytes(): Promise<number> {
    return (await this.#reader.read()).value?.byteLength ?? 0
  }

  cancel(): Promise<void> {
    return this.#reader.cancel()
  }
}
