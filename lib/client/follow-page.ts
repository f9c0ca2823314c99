/** What a page lives through that matters to a connection. */
export interface PageHandlers {
  /** The page is shown, or thawed. */
  shown(): void
  /** The page goes away, perhaps into the back/forward cache, which an open connection would keep it out of. */
  pagehide(): void
  /** The page is there, perhaps again. */
  pageshow(): void
  /** There is a network again, perhaps another one. */
  online(): void
}

/** Whether there is a page and nobody sees it. */
export const pageHidden = (): boolean => globalThis.document?.visibilityState === "hidden"

/** Follows the page until the returned function is called. Where there is no page, nothing happens. */
export function followPage({ shown, pagehide, pageshow, online }: PageHandlers): () => void {
  const visible = (): void => {
    if (!pageHidden()) shown()
  }
  const pairs: [EventTarget | undefined, string, () => void][] = [
    [globalThis.document, "visibilitychange", visible],
    // Chrome does not always tell a thawed page that it is visible.
    [globalThis.document, "resume", visible],
    [globalThis.window, "pagehide", pagehide],
    [globalThis.window, "pageshow", pageshow],
    // A worker has no page but knows the network.
    [typeof globalThis.addEventListener === "function" ? globalThis : undefined, "online", online],
  ]
  const following = new AbortController()
  for (const [target, event, handler] of pairs) target?.addEventListener(event, handler, following)
  return () => following.abort()
}
