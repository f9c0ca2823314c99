/** A control frame has at most 125 bytes, of which the close code takes two. */
const REASON_BYTES = 123

/** The reason of a close frame: cut between two characters where its UTF-8 is longer than a control frame allows. */
export function closeReason(reason: string): string {
  const encoder = new TextEncoder()
  let text = ""
  let bytes = 0
  for (const character of reason) {
    bytes += encoder.encode(character).length
    if (bytes > REASON_BYTES) break
    text += character
  }
  return text
}
