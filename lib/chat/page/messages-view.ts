import type { Chat } from "./chat.js"
import { byId, setAttributes, setText } from "../../page/dom.js"
import { KeyedList } from "./keyed-list.js"
import { entriesOf, makeRow, updateRow, type Entry, type RowContext } from "./message-row.js"
import type { Room } from "./room.js"

/** Within this distance from the end, the view follows new messages. */
const NEAR_PX = 80

/** The messages of the room that is shown. */
export class MessagesView {
  readonly #chat: Chat
  readonly #log: HTMLElement = byId("log", HTMLElement)
  readonly #earlier: HTMLButtonElement = byId("earlier", HTMLButtonElement)
  readonly #beginning: HTMLElement = byId("beginning", HTMLElement)
  readonly #notice: HTMLElement = byId("notice", HTMLElement)
  readonly #jump: HTMLButtonElement = byId("jump", HTMLButtonElement)
  readonly #list: KeyedList<Entry>
  #shown: Room | undefined
  /** The newest and the oldest row that were shown. */
  #ends: (string | undefined)[] = []

  /** @param goOnWriting called when a person has dealt with a failed message */
  constructor(chat: Chat, goOnWriting: () => void, signal: AbortSignal) {
    this.#chat = chat
    const context: RowContext = {
      user: () => chat.user,
      people: chat.people,
      retry(item) {
        chat.current?.retry(item)
        goOnWriting()
      },
      takeBack(item) {
        chat.current?.takeBack(item)
        goOnWriting()
      },
    }
    this.#list = new KeyedList<Entry>(byId("messages", HTMLOListElement), {
      key: ({ key }) => key,
      make: (entry) => makeRow(entry, context),
      update: (row, entry) => updateRow(row, entry, context),
    })
    this.#list.clear()
    this.#earlier.addEventListener("click", () => void chat.current?.loadEarlier(), { signal })
    this.#jump.addEventListener("click", () => this.#toEnd(), { signal })
    this.#log.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true })
    // A phone's keyboard, or a growing text field, takes its space from the messages; keep their end visible.
    const sizes = new ResizeObserver(() => {
      if (this.#following) this.#toEnd()
    })
    sizes.observe(this.#log)
    signal.addEventListener("abort", () => sizes.disconnect())
  }

  /** Whether the end is visible, and should stay visible. */
  #following = true

  render(): void {
    const room = this.#chat.current
    const log = this.#log
    const isOther = room !== this.#shown
    const height = log.scrollHeight - log.scrollTop
    this.#shown = room
    if (isOther) this.#list.clear()
    const entries = room ? entriesOf(room.timeline.messages, room.outbox.items, this.#chat.user.id) : []
    const [first, last] = [entries[0]?.key, entries.at(-1)?.key]
    const [formerFirst, formerLast] = this.#ends
    this.#ends = [first, last]
    // Messages from before the join are not read out.
    const isNews = !isOther && first === formerFirst
    if (!isNews) this.#hush()
    this.#list.show(entries)
    this.#renderEdges(room)
    const said = last !== formerLast && entries.at(-1)?.kind === "outgoing"
    // If there is space for more messages, they are loaded without a click.
    if (room?.error === undefined && !this.#earlier.hidden && log.scrollHeight <= log.clientHeight) {
      void room?.loadEarlier()
    }
    if (isOther || said || this.#following) this.#toEnd()
    else if (first !== formerFirst) log.scrollTop = log.scrollHeight - height
    else if (last !== formerLast) this.#jump.hidden = false
  }

  #renderEdges(room: Room | undefined): void {
    const isEmpty = !room || room.timeline.messages.length + room.outbox.items.length === 0
    const canHaveEarlier =
      room !== undefined && !isEmpty && !room.timeline.complete && room.timeline.oldest !== undefined
    this.#earlier.hidden = !canHaveEarlier
    setAttributes(this.#earlier, { "aria-disabled": room?.loadingEarlier ? "true" : undefined })
    setText(this.#earlier, room?.loadingEarlier ? "Loading earlier messages…" : "Show earlier messages")
    this.#beginning.hidden = !room?.timeline.complete || isEmpty
    setText(this.#beginning, `This is the beginning of ${room?.name ?? ""}.`)
    setAttributes(this.#log, {
      "aria-label": room ? `Messages in ${room.name}` : "Messages",
      "aria-busy": room?.state === "joining" ? "true" : undefined,
    })
    setText(this.#notice, (room?.state === "joined" && room.error) || "")
  }

  /** Shows many messages at once without having them read out one by one. */
  #hush(): void {
    this.#log.setAttribute("aria-live", "off")
    setTimeout(() => this.#log.setAttribute("aria-live", "polite"), 500)
  }

  #toEnd(): void {
    this.#log.scrollTop = this.#log.scrollHeight
    this.#following = true
    this.#jump.hidden = true
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#log
    this.#following = scrollHeight - scrollTop - clientHeight < NEAR_PX
    if (this.#following) this.#jump.hidden = true
    if (scrollTop < NEAR_PX && !this.#earlier.hidden && !this.#following) void this.#chat.current?.loadEarlier()
  }
}
