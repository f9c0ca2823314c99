/** Whether there is a page and it is hidden. */
export const isPageHidden = (): boolean => globalThis.document?.visibilityState === "hidden"

/** Listens to events of the page until the returned function is called. Does nothing where there is no page. */
export function onPageEvents(handlers: Record<string, () => unknown>): () => void {
  const following = new AbortController()
  // Some events are dispatched on the document, some on the window, some on both; a worker has `online` too.
  for (const target of [globalThis.document, globalThis] as (EventTarget | undefined)[]) {
    for (const [event, handler] of Object.entries(handlers)) target?.addEventListener?.(event, handler, following)
  }
  return () => following.abort()
}
