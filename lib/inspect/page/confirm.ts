import { byId, setText } from "../../page/dom.js"

/** A question before an action. */
export interface Question {
  readonly heading: string
  readonly text: string
  /** The label of the button that confirms. */
  readonly yes: string
}

/** Asks before an action that a client notices. Resolves with whether it was confirmed. */
export function confirm({ heading, text, yes }: Question): Promise<boolean> {
  const dialog = byId("confirm", HTMLDialogElement)
  setText(byId("confirm-heading", HTMLElement), heading)
  setText(byId("confirm-text", HTMLElement), text)
  setText(byId("confirm-yes", HTMLElement), yes)
  dialog.returnValue = "no"
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true })
  })
}
