import { byId, setText } from "../../../lib/page/dom.js"
import { askWays, logInHere } from "../../../lib/chat/page/session.js"
import { soon } from "../../../lib/chat/page/signal.js"
import { ClientView } from "./client-view.js"
import { CostView } from "./cost-view.js"
import { DemoClient } from "./demo-client.js"
import { WireView } from "./wire-view.js"

const CHAT = "/chat"

/** Each page has a topic of its own, so that two pages that are open do not hear each other. */
const topic: `demo:${string}` = `demo:${crypto.randomUUID()}`
const wire = new WireView()
const count = byId("count", HTMLButtonElement)

function render(): void {
  for (const view of views) view.render()
  count.disabled = !clients.every(({ offset, isJoined }) => isJoined || offset > 0)
}

const renderSoon = soon(render)
const [ada, grace] = (["Ada", "Grace"] as const).map(
  (name) =>
    new DemoClient(
      { name, topic, serializer: name === "Ada" ? "json" : "msgpack" },
      (message) => wire.add(name, message),
      renderSoon,
    ),
) as [DemoClient, DemoClient]
const clients = [ada, grace]
const views = clients.map((client) => new ClientView(client, byId("clients", HTMLElement)))

count.addEventListener("click", () => {
  // The client that is connected asks, so that the messages begin at once.
  const asker = ada.cable.isCut ? grace : ada
  void asker.count(20).catch(() => {})
})

/** How one gets into the chat from here. */
async function waysIn(): Promise<"logged in" | "one click" | "log-in"> {
  const ways = await askWays().catch(() => undefined)
  if (ways?.session !== undefined) return "logged in"
  return ways?.oneClick === true ? "one click" : "log-in"
}

async function goToChat(way: ReturnType<typeof waysIn>): Promise<void> {
  // Without a log-in the chat asks for one.
  if ((await way) === "one click") await logInHere().catch(() => {})
  location.assign(CHAT)
}

/** Says beside the button how one gets into the chat. The button works before the server has said it. */
async function offerChat(): Promise<void> {
  const way = waysIn()
  byId("to-chat", HTMLElement).addEventListener("click", () => void goToChat(way))
  const hint = byId("to-chat-hint", HTMLElement)
  if ((await way) === "logged in") setText(hint, "You are logged in.")
  else if ((await way) === "one click") {
    setText(hint, "One click: this server mails no links and is reached from this machine only.")
  }
}

void offerChat()
render()
// The cost is measured once the page is there.
setTimeout(() => new CostView(), 200)
