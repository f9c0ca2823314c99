import { Socket, type Channel } from "rookery"
import { Cable, definePanel, showPanel, type Panel } from "rookery/panel"
import { webRuntime } from "../../lib/runtime/web/web-runtime.js"
import { CoreEndpoint } from "../../lib/server/endpoint.js"
import { toEndpoint } from "./in-page-transport.js"

/** The functions of the page, for specs. */
export interface PanelPage {
  /**
   * Connects a client with a room, and shows a panel of its socket: a new one, or the one in the page's markup, which is
   * given the socket, and opened, before the element is defined.
   */
  enter(options: { hasCable?: boolean; inMarkup?: boolean }): Promise<void>
  /** Pushes an event to the room, and waits for the answer. */
  push(event: string, payload: object): Promise<unknown>
  /** Whether the socket has functions of an inspection in its options. */
  isInspected(): boolean
  /** Takes the panel out of the page. */
  remove(): void
}

let socket: Socket
let room: Channel
let panel: Panel

const page: PanelPage = {
  async enter({ hasCable = false, inMarkup = false }) {
    const endpoint = new CoreEndpoint(webRuntime, {})
    endpoint.channel("room:*", { receive: { echo: (payload) => payload } })
    const cable = hasCable ? new Cable() : undefined
    const transport = toEndpoint(endpoint)
    socket = new Socket("ws://page/socket", {
      transport: cable?.over(transport) ?? transport,
      reconnectAfterMs: () => 3_600_000,
    })
    socket.onError(() => {})
    if (inMarkup) {
      panel = document.querySelector("rookery-panel") as Panel
      panel.socket = socket
      panel.open = true
      definePanel()
    } else {
      panel = showPanel(socket, { cable, label: "Socket of Ada" })
    }
    socket.connect()
    room = socket.channel("room:1", { token: "t0ps3cret" })
    await room.join()
  },
  push: (event, payload) => room.push(event, payload).then((answer: unknown) => answer),
  isInspected: () => socket.options.encode !== undefined,
  remove: () => panel.remove(),
}

Object.assign(globalThis, { page })
