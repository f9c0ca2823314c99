/** Calls back when a signal is aborted, or at once if it already is. The returned function stops listening. */
export function onAbort(signal: AbortSignal | undefined, abort: () => void): () => void {
  if (signal?.aborted) abort()
  else signal?.addEventListener("abort", abort)
  return () => signal?.removeEventListener("abort", abort)
}
