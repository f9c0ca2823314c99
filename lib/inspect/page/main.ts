import type {
  InspectedCluster,
  InspectedGatewayMessage,
  InspectedLimit,
  InspectedMessage,
  InspectedState,
  InspectedStep,
  InspectedTopic,
} from "../wire.js"
import { act, read } from "./api.js"
import { confirm, type Question } from "./confirm.js"
import { byId, setText } from "../../page/dom.js"
import { MessagesView } from "./messages-view.js"
import { nameOf, StateView } from "./state-view.js"

/** The milliseconds between two looks at the state, and between two at the cluster. */
const STATE_MS = 2000
const CLUSTER_MS = 10_000

const light = byId("light", HTMLElement)
const search = byId("search", HTMLInputElement)
const fault = byId("fault", HTMLElement)
const messages = new MessagesView()
let topic: string | undefined
let source: EventSource | undefined
let isReading = false
let readsAgain = false

function shine(tone: "good" | "busy" | "bad", text: string): void {
  light.dataset["tone"] = tone
  setText(light, text)
}

function complain(error: unknown): void {
  setText(fault, error instanceof Error ? error.message : String(error))
  fault.hidden = false
}

/** Does what a person asked for, once it is confirmed, and shows the state that follows. */
async function does(question: Question, action: () => Promise<void>): Promise<void> {
  if (!(await confirm(question))) return
  try {
    await action()
    fault.hidden = true
  } catch (error) {
    complain(error)
  }
  await look()
}

const view = new StateView({
  openTopic(name) {
    topic = name
    void look().then(() => byId("topic-heading", HTMLElement).focus())
  },
  closeTopic() {
    topic = undefined
    view.topic(undefined)
    search.focus()
  },
  disconnect(socket) {
    const text = "Its connection ends. A client that is well connects again by itself."
    void does({ heading: `Disconnect ${nameOf(socket)}?`, text, yes: "Disconnect" }, () =>
      act("disconnect", { socket: socket.key }),
    )
  },
  disconnectGatewayClient(client) {
    const text = "Its connection ends. A client may connect again by itself."
    void does({ heading: `Disconnect ${nameOf(client, "client")}?`, text, yes: "Disconnect" }, () =>
      act("disconnect", { client: client.key }),
    )
  },
  kick(socket, name) {
    const text = "The client is told that the channel is closed, and stays out until it joins again."
    void does({ heading: `Kick ${nameOf(socket)} from ${name}?`, text, yes: "Kick" }, () =>
      act("kick", { socket: socket.key, topic: name }),
    )
  },
})

/** Reads the state once at a time; if it is asked for meanwhile, once more. */
async function look(): Promise<void> {
  if (isReading) {
    readsAgain = true
    return
  }
  isReading = true
  try {
    view.state(await read<InspectedState>("state", { search: search.value }))
    const asked = topic
    const told = asked === undefined ? undefined : await read<InspectedTopic>("topic", { topic: asked })
    if (asked === topic) view.topic(told)
    if (source?.readyState === EventSource.CLOSED) listen()
  } catch (error) {
    shine("bad", error instanceof TypeError ? "Out of reach" : (error as Error).message)
  } finally {
    isReading = false
  }
  if (!readsAgain) return
  readsAgain = false
  await look()
}

async function lookAtCluster(): Promise<void> {
  try {
    view.cluster(await read<InspectedCluster>("cluster"))
  } catch {
    // The state, which is read more often, says why.
  }
}

function listen(): void {
  source?.close()
  const query = new URLSearchParams({
    topic: byId("filter-topic", HTMLInputElement).value,
    event: byId("filter-event", HTMLInputElement).value,
  })
  source = new EventSource(`stream?${query.toString()}`)
  const on = <T>(event: string, handle: (data: T) => void): void =>
    source?.addEventListener(event, (told) => handle(JSON.parse((told as MessageEvent<string>).data) as T))
  source.addEventListener("open", () => shine("good", "Connected"))
  source.addEventListener("error", () => shine("busy", "Connecting…"))
  on<InspectedMessage>("message", (message) => messages.message(message))
  on<InspectedGatewayMessage>("gateway", (message) => messages.gatewayMessage(message))
  on<InspectedLimit>("limit", (limit) => messages.limit(limit))
  on<{ count: number }>("lost", ({ count }) => messages.lost(count))
  on<InspectedStep>("step", (step) => {
    messages.step(step)
    soon()
  })
}

let isSoon = false
/** Looks again in a moment: a crowd that connects is one look. */
function soon(): void {
  if (isSoon) return
  isSoon = true
  setTimeout(() => {
    isSoon = false
    void look()
  }, 250)
}

search.addEventListener("input", soon)
byId("filter", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault()
  listen()
})
for (const id of ["filter-topic", "filter-event"]) byId(id, HTMLInputElement).addEventListener("change", listen)

function lookInTurn(): void {
  setTimeout(() => {
    // A page in the background costs the server nothing.
    if (document.hidden) lookInTurn()
    else void look().then(lookInTurn)
  }, STATE_MS)
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    source?.close()
    shine("busy", "Asleep")
  } else {
    listen()
    void look()
  }
})
setInterval(() => {
  if (!document.hidden) void lookAtCluster()
}, CLUSTER_MS)
listen()
void look().then(lookInTurn)
void lookAtCluster()
