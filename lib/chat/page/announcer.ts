import { byId } from "../../page/dom.js"

/** Has a screen reader say something that others see. */
export function announce(text: string): void {
  const announcer = byId("announcer", HTMLElement)
  // The same words twice are two announcements, but only a change is read out.
  announcer.textContent = announcer.textContent === text ? `${text}\u00a0` : text
}
