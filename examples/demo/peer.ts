import { json, type Frame, type Link, type LinkEvents, type Message, type Reply, type Transport } from "rookery"
import { msgpack } from "rookery/msgpack"

/** Called for every frame, so that the demonstration can show it. */
export type OnFrame = (arrow: "->" | "<-", frame: Frame) => void

interface Line {
  events: LinkEvents
  send(message: Message): void
  /** The join_ref of each room that is joined. */
  rooms: Map<string, Message["join_ref"]>
}

/** As much of a Phoenix server as the demonstration needs, in this process. */
export class ScriptedPeer {
  readonly #lines = new Set<Line>()
  #messages = 0

  /** A transport that leads here. Whoever implements `open` has a transport. */
  transport(onFrame: OnFrame = () => {}): Transport {
    return {
      name: "memory",
      open: (url, _options, events) => this.#open(new URL(url), events, onFrame),
    }
  }

  /** Cuts every line, as a server does that crashes. */
  cut(): void {
    for (const { events } of this.#lines) events.close({ code: 1006, reason: "", wasClean: false })
    this.#lines.clear()
  }

  #open(url: URL, events: LinkEvents, onFrame: OnFrame): Link {
    // The version in the URL picks the serializer, as in Phoenix.
    const { server } = url.searchParams.get("vsn") === "3.0.0" ? msgpack() : json()
    const line: Line = {
      events,
      rooms: new Map(),
      send(message) {
        const frame = server.encode(message)
        onFrame("<-", frame)
        events.frame(frame)
      },
    }
    queueMicrotask(() => {
      this.#lines.add(line)
      events.open()
    })
    return {
      bufferedAmount: 0,
      send: (frame) => {
        onFrame("->", frame)
        const message = server.decode(frame)
        queueMicrotask(() => this.#lines.has(line) && this.#receive(line, message))
      },
      close: (code = 1005, reason = "") => {
        if (this.#lines.delete(line)) queueMicrotask(() => events.close({ code, reason, wasClean: true }))
      },
    }
  }

  #receive(line: Line, message: Message): void {
    const { topic, event, join_ref } = message
    const answer = (status: Reply["status"], response: unknown): void =>
      line.send({ ...message, event: "phx_reply", payload: { status, response } })
    switch (event) {
      case "heartbeat":
        return answer("ok", {})
      case "phx_join":
        if (topic === "room:secret") return answer("error", { reason: "unauthorized" })
        line.rooms.set(topic, join_ref)
        return answer("ok", { members: this.#members(topic) })
      case "phx_leave":
        line.rooms.delete(topic)
        answer("ok", {})
        return line.send({ join_ref, ref: join_ref, topic, event: "phx_close", payload: {} })
      case "new_msg":
        this.#broadcast(topic, "new_msg", message.payload)
        return answer("ok", { id: ++this.#messages })
      default:
      // Never answered: the demonstration shows what becomes of such a push when the line breaks.
    }
  }

  #members(topic: string): number {
    return [...this.#lines].filter(({ rooms }) => rooms.has(topic)).length
  }

  #broadcast(topic: string, event: string, payload: unknown): void {
    for (const line of this.#lines) {
      if (line.rooms.has(topic)) line.send({ join_ref: null, ref: null, topic, event, payload })
    }
  }
}
