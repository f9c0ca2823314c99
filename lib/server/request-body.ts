import type { IncomingMessage } from "node:http"
import type { HeldBytes, Holder } from "./held-bytes.js"

/** Whether a request says that a body follows. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0

/** How far a body may go. */
export interface BodyLimits {
  readonly bytes: number
  /** Milliseconds from now to its end. */
  readonly ms: number
  readonly held: HeldBytes
}

/** What is made of a body that is not given as text. */
export type BadBody = "aborted" | "too large" | "too slow" | "too much held" | "not text"

/** Reads the body of a request as text, as long as it keeps to the limits. */
export function readBody(request: IncomingMessage, { bytes, ms, held }: BodyLimits): Promise<string | BadBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const holder: Holder = {
      get heldBytes() {
        return chunks.length === 0 ? 0 : length
      },
      giveUp: () => done("too much held"),
    }
    const timer = ms === Infinity ? undefined : setTimeout(() => done("too slow"), ms)
    let open = true
    const done = (outcome: string | BadBody): void => {
      open = false
      clearTimeout(timer)
      held.forget(holder)
      chunks.length = 0
      resolve(outcome)
    }
    request.on("data", (chunk: Buffer) => {
      if (!open) return
      length += chunk.length
      if (length <= bytes) chunks.push(chunk)
      else chunks.length = 0
      held.note(holder)
      // Whoever sends far more than is allowed is not waited for, so that an answer does not cost a gigabyte.
      if (length <= 2 * bytes) return
      done("too large")
      request.destroy()
    })
    request.on("close", () => done("aborted"))
    request.on("end", () => {
      if (length > bytes) return done("too large")
      try {
        done(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks)))
      } catch {
        done("not text")
      }
    })
  })
}
