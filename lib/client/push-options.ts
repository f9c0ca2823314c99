/** Options of a push. */
export interface PushOptions {
  /**
   * How long to wait for the answer, in milliseconds.
   *
   * @default the channel's, which is the socket's unless `join()` was given another: 10000
   */
  timeout?: number | undefined
  /** Takes the push back: a push that was not sent yet is not sent any more. */
  signal?: AbortSignal | undefined
  /**
   * Sends the push again when the connection was lost before its answer came, and once if the channel crashed. With
   * Rookery's endpoint it takes effect once; with any other it may arrive twice. The timeout counts only while the push
   * is on its way.
   *
   * @default false
   */
  retry?: boolean | undefined
}

/** Reads the last argument of a push: its options, or its timeout as phoenix.js takes it. */
export const toPushOptions = (options: number | PushOptions = {}): PushOptions =>
  typeof options === "number" ? { timeout: options } : options
