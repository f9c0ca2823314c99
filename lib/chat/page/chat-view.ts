import { AccountView } from "./account-view.js"
import { announce } from "./announcer.js"
import { Composer } from "./composer.js"
import type { Chat } from "./chat.js"
import { byId } from "../../page/dom.js"
import { LightView } from "./light-view.js"
import { MessagesView } from "./messages-view.js"
import { Panels } from "./panels.js"
import { PeopleView } from "./people-view.js"
import { placeFocus } from "./placed-focus.js"
import type { Room } from "./room.js"
import { RoomView } from "./room-view.js"
import { RoomsView } from "./rooms-view.js"
import { soon } from "./signal.js"
import { SocketPanel } from "./socket-panel.js"
import { SwitcherView } from "./switcher-view.js"
import { TypingView } from "./typing-view.js"
import { WireView } from "./wire-view.js"

const TITLE = "Rookery"

/** Without a hardware keyboard, focusing a field opens one on the screen, over the messages. */
const TOUCHED = "(hover: none) and (pointer: coarse)"

/** Shows a chat, and keeps the view up to date, until the signal is aborted. */
export function showChat(chat: Chat, logOut: () => Promise<string | undefined>, signal: AbortSignal): void {
  const composer = new Composer(chat, signal)
  const panels = new Panels(signal)

  function focus(): void {
    if (matchMedia(TOUCHED).matches) placeFocus(byId("log", HTMLElement))
    else composer.focus()
  }

  function open(name: string): void {
    const room = chat.open(name)
    panels.close()
    address(name)
    render()
    focus()
    announce(`${room.name}. ${room.users.length === 1 ? "You are alone" : `${room.users.length} people are`} here.`)
  }

  function leave(room: Room): void {
    chat.leave(room)
    announce(`You have left ${room.name}.`)
    address(chat.current?.name)
    render()
    focus()
  }

  function mention(handle: string): void {
    panels.close()
    composer.mention(handle)
  }

  const views = [
    new RoomsView(chat, open, signal),
    new RoomView(chat, leave, signal),
    new SwitcherView(chat, open, signal),
    new PeopleView(chat, mention),
    new MessagesView(chat, () => composer.focus(), signal),
    new TypingView(chat),
    composer,
    new LightView(chat, signal),
    new SocketPanel(chat, signal),
    new WireView(chat, signal),
    new AccountView(chat, logOut, signal),
  ]

  function render(): void {
    if (signal.aborted) return
    for (const view of views) view.render()
    const unread = chat.rooms.reduce((sum, room) => sum + room.unread, 0)
    const title = chat.current ? `${chat.current.name} · ${TITLE}` : TITLE
    document.title = unread > 0 ? `(${unread}) ${title}` : title
  }

  const renderSoon = soon(render)
  chat.changed.listen(renderSoon)
  chat.line.changed.listen(renderSoon)
  const named = roomInAddress()
  if (named !== undefined) chat.open(named)
  address(chat.current?.name)
  addEventListener("hashchange", () => open(roomInAddress() ?? chat.current?.name ?? ""), { signal })
  addEventListener("beforeunload", (event) => chat.hasUnsent && event.preventDefault(), { signal })
  render()
  focus()
}

/** The room that the page's address names. */
function roomInAddress(): string | undefined {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined
  } catch {
    return undefined
  }
}

/** Puts a room into the page's address, so that it can be passed on, and so that "back" leads back. */
function address(name = ""): void {
  if (roomInAddress() === (name || undefined)) return
  const url = name ? `#${encodeURIComponent(name)}` : location.pathname
  history[location.hash ? "pushState" : "replaceState"](null, "", url)
}
