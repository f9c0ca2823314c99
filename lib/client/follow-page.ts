/** Whether there is a page and nobody sees it. */
export const pageHidden = (): boolean => globalThis.document?.visibilityState === "hidden"

/**
 * Listens to what a page lives through, by event, until the returned function is called. Where there is no page, nothing
 * happens.
 */
export function followPage(handlers: Record<string, () => void>): () => void {
  const following = new AbortController()
  // Some events come to the document, some to the window, some to both; a worker, too, knows the network.
  for (const target of [globalThis.document, globalThis] as (EventTarget | undefined)[]) {
    for (const [event, handler] of Object.entries(handlers)) target?.addEventListener?.(event, handler, following)
  }
  return () => following.abort()
}
