import { byId } from "../../page/dom.js"

/** Makes a screen reader announce something that is visible. */
export function announce(text: string): void {
  const announcer = byId("announcer", HTMLElement)
  // The same text twice must be two announcements, but only a change is read out.
  announcer.textContent = announcer.textContent === text ? `${text}\u00a0` : text
}
