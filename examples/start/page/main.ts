import { byId, setText } from "../../../lib/chat/page/dom.js"
import { currentSession, logInHere, offersOneClick } from "../../../lib/chat/page/session.js"
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
      (tapped) => wire.add(name, tapped),
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

/** Says beside the button how one gets into the chat from here, and goes there. */
async function offerChat(): Promise<void> {
  const hint = byId("to-chat-hint", HTMLElement)
  const isLoggedIn = (await currentSession().catch(() => undefined)) !== undefined
  const isLocal = !isLoggedIn && (await offersOneClick())
  if (isLoggedIn) setText(hint, "You are logged in.")
  else if (isLocal) setText(hint, "One click: this server mails no links and is reached from this machine only.")
  byId("to-chat", HTMLElement).addEventListener("click", () => {
    void (async () => {
      // Without a log-in the chat asks for one.
      if (isLocal) await logInHere().catch(() => {})
      location.assign(CHAT)
    })()
  })
}

void offerChat()
render()
// The cost is measured once the page is there.
setTimeout(() => new CostView(), 200)
