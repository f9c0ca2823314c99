/** Options of a push. */
export interface PushOptions {
  /**
   * How long to wait for the answer, in milliseconds.
   *
   * @default the channel's, which is the socket's unless `join()` was given another: 10000
   */
  timeout?: number | undefined
  /** Cancels the push: if it has not been sent yet, it never is. */
  signal?: AbortSignal | undefined
  /**
   * Sends the push again if the connection was lost before the answer, and once if the channel crashed. Rookery's
   * endpoint handles it once; any other server may handle it twice. The timeout runs only while the push is in flight.
   *
   * @default false
   */
  retry?: boolean | undefined
}

/** Reads the last argument of a push: its options, or its timeout as in phoenix.js. */
export const toPushOptions = (options: number | PushOptions = {}): PushOptions =>
  typeof options === "number" ? { timeout: options } : options
