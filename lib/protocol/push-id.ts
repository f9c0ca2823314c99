import type { Ref } from "./message.js"

// A push that may be sent again carries a constant id after its changing ref: `17~k3j9x0`. A ref is returned unchanged,
// so a server that does not know ids answers as usual.
const SIGN = "~"

/** The ref of a push that has an id. */
export const refWithId = (ref: string, id: string): string => ref + SIGN + id

/** The id that a ref carries, if it carries one. */
export function idOfRef(ref: Ref): string | undefined {
  if (typeof ref !== "string") return undefined
  const at = ref.indexOf(SIGN)
  return at === -1 || at === ref.length - 1 ? undefined : ref.slice(at + 1)
}
