import { showPanel } from "rookery/panel"
import { element, setText } from "../../../lib/page/dom.js"
import { KeyedList } from "../../../lib/chat/page/keyed-list.js"
import { MAX_TEXT } from "../topics.js"
import type { DemoClient, Heard } from "./demo-client.js"

/** The rows below the messages. The panel of the socket has the rest. */
const FACTS: readonly (readonly [label: string, valueOf: (client: DemoClient) => string])[] = [
  ["Serializer", ({ serializer }) => (serializer === "json" ? "JSON" : "MessagePack")],
  ["Newest offset", ({ offset }) => String(offset)],
  ["Pushes that wait", ({ waiting }) => String(waiting)],
]

/** The card of a client: its cable, what it heard, and the panel of its socket. */
export class ClientView {
  readonly #client: DemoClient
  readonly #card: HTMLElement
  readonly #state = element("span", { class: "state", role: "status" })
  readonly #cable: HTMLButtonElement
  readonly #heard: HTMLElement
  readonly #list: KeyedList<Heard>
  readonly #verdict = element("p", { class: "verdict" })
  readonly #facts = FACTS.map(() => element("dd"))

  constructor(client: DemoClient, parent: HTMLElement) {
    this.#client = client
    const { name } = client
    this.#cable = element("button", { type: "button", class: "cable" })
    this.#cable.addEventListener("click", () => (client.cable.isCut ? client.mend() : client.cut()))
    const rows = element("ol", {})
    this.#heard = element("div", { class: "heard", role: "log", tabindex: "0", "aria-label": `Heard by ${name}` }, rows)
    this.#list = new KeyedList(rows, {
      key: ({ n }) => String(n),
      make: ({ n, from, text, isLate }) =>
        element(
          "li",
          { class: isLate ? "late" : undefined },
          element("span", { class: "n" }, `${n}`),
          element("strong", {}, from),
          ` ${text}`,
          ...(isLate ? [" (recovered)"] : []),
        ),
    })
    const input = element("input", {
      type: "text",
      maxlength: String(MAX_TEXT),
      "aria-label": `Write as ${name}`,
      required: true,
    })
    const form = element("form", { class: "say" }, input, element("button", { type: "submit" }, "Send"))
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      const text = input.value.trim()
      input.value = ""
      if (text !== "") void client.say(text).catch(() => {})
    })
    this.#card = element(
      "article",
      { class: "client", id: name.toLowerCase(), "aria-label": name },
      element("div", { class: "client-head" }, element("h3", {}, name), this.#state),
      this.#cable,
      this.#heard,
      this.#verdict,
      form,
      element(
        "dl",
        { class: "facts" },
        ...FACTS.flatMap(([label], i) => [element("dt", {}, label), this.#facts[i] as HTMLElement]),
      ),
    )
    showPanel(client.socket, { cable: client.cable, label: `Socket of ${name}`, parent: this.#card })
    parent.append(this.#card)
    this.render()
  }

  render(): void {
    const { status, cable, counts, heard } = this.#client
    const isConnected = status === "connected"
    this.#card.dataset["tone"] = cable.isCut ? "bad" : isConnected ? "good" : "busy"
    setText(this.#state, cable.isCut ? "Cut off" : isConnected ? "Connected" : "Connecting")
    setText(this.#cable, cable.isCut ? "The cable is cut: join it again" : "Cut the cable")
    this.#cable.ariaLabel = `${this.#cable.textContent} (${this.#client.name})`
    const newest = heard.at(-1)?.n
    const isNew = this.#heard.dataset["newest"] !== String(newest)
    this.#list.show(heard)
    if (isNew) this.#heard.scrollTop = this.#heard.scrollHeight
    this.#heard.dataset["newest"] = String(newest)
    this.#verdict.dataset["tone"] = counts.missing + counts.twice > 0 ? "bad" : "good"
    setText(this.#verdict, verdictOf(counts))
    FACTS.forEach(([, valueOf], i) => setText(this.#facts[i] as HTMLElement, valueOf(this.#client)))
  }
}

function verdictOf({ heard, missing, twice, late }: DemoClient["counts"]): string {
  const messages = heard === 1 ? "1 message" : `${heard} messages`
  const recovered = late > 0 ? `, ${late} of them recovered` : ""
  return `${messages}${recovered}; ${missing || "none"} missing, ${twice || "none"} twice`
}
