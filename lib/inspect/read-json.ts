import { Fault } from "./answers.js"

/** More than any id or topic takes. */
const MOST_BYTES = 16_384
/** A body that is a bit too long is read to its end, so that its client gets the answer. */
const MOST_BYTES_READ = 16 * MOST_BYTES

/** The body of a request as an object. No more of it is kept than an action is long. */
export async function readJson(request: Request): Promise<Record<string, unknown>> {
  const decoder = new TextDecoder()
  const reader = request.body?.getReader()
  let text = ""
  let bytes = 0
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) break
    bytes += value.byteLength
    if (bytes > MOST_BYTES_READ) {
      void reader?.cancel().catch(() => {})
      break
    }
    if (bytes <= MOST_BYTES) text += decoder.decode(value, { stream: true })
  }
  if (bytes > MOST_BYTES) throw new Fault(413, "that is too long")
  let read: unknown
  try {
    read = JSON.parse(text + decoder.decode())
  } catch {
    throw new Fault(400, "that is not JSON")
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) throw new Fault(400, "send an object")
  return read as Record<string, unknown>
}
