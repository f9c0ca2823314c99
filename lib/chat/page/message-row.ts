import type { ChatMessage, ChatUser } from "../topics.js"
import { avatar, initialsOf } from "./avatar.js"
import { button, element, setAttributes, setText } from "../../page/dom.js"
import { isMentioned } from "./mentions.js"
import { nodesOf } from "./message-text.js"
import type { Outgoing } from "./outbox.js"
import type { People } from "./people.js"
import { clockTime, dayName, dayOf, fullTime } from "./times.js"

/** One row of a room: a day, a message, or an unconfirmed message. */
export type Entry =
  | { kind: "day"; key: string; timestamp: string }
  | { kind: "message"; key: string; message: ChatMessage; continued: boolean }
  | { kind: "outgoing"; key: string; outgoing: Outgoing; continued: boolean }

/** Messages of one person within this time share a heading. */
const ONE_BREATH_MS = 5 * 60_000

/** The rows of a room, the oldest first. */
export function entriesOf(messages: readonly ChatMessage[], outgoing: readonly Outgoing[], ownId: string): Entry[] {
  const entries: Entry[] = []
  let previous: ChatMessage | undefined
  for (const message of messages) {
    const sameDay = previous !== undefined && dayOf(previous.timestamp) === dayOf(message.timestamp)
    if (!sameDay) entries.push({ kind: "day", key: `day ${message.id}`, timestamp: message.timestamp })
    const soon =
      previous !== undefined && Date.parse(message.timestamp) - Date.parse(previous.timestamp) < ONE_BREATH_MS
    const continued = sameDay && soon && previous?.user.id === message.user.id
    entries.push({ kind: "message", key: `message ${message.id}`, message, continued })
    previous = message
  }
  for (const [at, item] of outgoing.entries()) {
    const continued = at > 0 || previous?.user.id === ownId
    entries.push({ kind: "outgoing", key: item.key, outgoing: item, continued })
  }
  return entries
}

/** The parts of the chat that the rows need. */
export interface RowContext {
  user(): ChatUser
  people: People
  retry(item: Outgoing): void
  takeBack(item: Outgoing): void
}

export function makeRow(entry: Entry, context: RowContext): HTMLElement {
  if (entry.kind === "day") return element("li", { class: "day" }, element("span"))
  const { id } = entry.kind === "message" ? entry.message.user : context.user()
  const { content } = entry.kind === "message" ? entry.message : entry.outgoing
  const row = element(
    "li",
    // An unconfirmed message is read out when it has arrived.
    { class: "message", "aria-live": entry.kind === "outgoing" && "off" },
    avatar(id),
    element(
      "div",
      { class: "said" },
      element("p", { class: "by" }, element("strong", { dir: "auto" }), element("span", { class: "beside" })),
      // A message never changes, so its text is created once.
      element("p", { class: "text", dir: "auto" }, ...nodesOf(content)),
    ),
  )
  if (entry.kind === "message") row.querySelector(".by")?.append(timeOf(entry.message))
  else row.querySelector(".said")?.append(fateOf(entry.outgoing, context))
  return row
}

export function updateRow(row: HTMLElement, entry: Entry, { people, user }: RowContext): void {
  if (entry.kind === "day") return setText(part(row, "span"), dayName(entry.timestamp))
  const author = entry.kind === "message" ? entry.message.user : user()
  const isOwn = author.id === user().id
  const name = people.nameOf(author)
  row.classList.toggle("continued", entry.continued)
  row.classList.toggle("own", isOwn)
  row.classList.toggle(
    "mentions-me",
    entry.kind === "message" && !isOwn && isMentioned(entry.message, people.nameOf(user())),
  )
  setText(part(row, ".avatar"), initialsOf(name))
  setText(part(row, "strong"), name)
  setText(part(row, ".beside"), isOwn ? "you" : people.markOf(author))
  if (entry.kind === "outgoing") updateFate(row, entry.outgoing)
}

const part = (row: HTMLElement, selector: string): HTMLElement => {
  const found = row.querySelector<HTMLElement>(selector)
  if (!found) throw new Error(`a row has no ${selector}`)
  return found
}

const timeOf = ({ timestamp }: ChatMessage): HTMLElement =>
  element("time", { datetime: timestamp, title: fullTime(timestamp) }, clockTime(timestamp))

/** The state of an unconfirmed message, and the buttons for a failed one. */
const fateOf = (item: Outgoing, { retry, takeBack }: RowContext): HTMLElement =>
  element(
    "p",
    { class: "fate" },
    element("span", { class: "why" }),
    button({ class: "link retry" }, "Retry", () => retry(item)),
    button({ class: "link edit" }, "Edit", () => takeBack(item)),
  )

function updateFate(row: HTMLElement, { state, error = "" }: Outgoing): void {
  row.dataset["state"] = state
  const words = { waiting: "Waiting for the connection…", sending: "Sending…", failed: `Not sent. ${error}` }
  setText(part(row, ".why"), words[state])
  for (const name of [".retry", ".edit"]) setAttributes(part(row, name), { hidden: state !== "failed" })
}
