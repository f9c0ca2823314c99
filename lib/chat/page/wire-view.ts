import type { Traffic } from "./byte-counter.js"
import type { Chat } from "./chat.js"
import { byId, setText } from "../../page/dom.js"
import { isSerializerName, type SerializerName } from "./wire.js"

/** The current serializer, and the bytes of each since the page was opened. */
export class WireView {
  readonly #chat: Chat
  readonly #choice: HTMLElement = byId("serializer", HTMLElement)

  constructor(chat: Chat, signal: AbortSignal) {
    this.#chat = chat
    this.#choice.addEventListener(
      "change",
      ({ target }) => {
        if (target instanceof HTMLInputElement && isSerializerName(target.value)) void chat.speak(target.value)
      },
      { signal },
    )
  }

  render(): void {
    for (const input of this.#choice.querySelectorAll("input")) input.checked = input.value === this.#chat.serializer
    for (const name of ["json", "msgpack"] satisfies SerializerName[]) {
      const { sent, received } = this.#chat.traffic[name]
      show(byId(`${name}-sent`, HTMLElement), sent)
      show(byId(`${name}-received`, HTMLElement), received)
    }
  }
}

function show(target: HTMLElement, bytes: number): void {
  target.dataset["bytes"] = String(bytes)
  setText(target, bytesText(bytes))
}

const EXACT = new Intl.NumberFormat()
const ROUND = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, minimumFractionDigits: 1 })

/** A number of bytes for people. */
export function bytesText(bytes: Traffic["sent"]): string {
  if (bytes < 1000) return `${EXACT.format(bytes)} B`
  return bytes < 1_000_000 ? `${ROUND.format(bytes / 1000)} kB` : `${ROUND.format(bytes / 1_000_000)} MB`
}
