import type { IncomingMessage } from "node:http"

/** Reads the body of a request as text, as long as it is no longer than the limit. */
export function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<string | "aborted" | "too large" | "not text"> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on("data", (chunk: Buffer) => {
      length += chunk.length
      if (length <= limit) chunks.push(chunk)
      else chunks.length = 0
      // Whoever sends far more than is allowed is not waited for, so that an answer does not cost a gigabyte.
      if (length > 2 * limit) request.destroy()
    })
    request.on("close", () => resolve("aborted"))
    request.on("end", () => {
      if (length > limit) return resolve("too large")
      try {
        resolve(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks)))
      } catch {
        resolve("not text")
      }
    })
  })
}
