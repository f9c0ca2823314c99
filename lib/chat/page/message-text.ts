import { element } from "../../page/dom.js"

/** A part of a message: plain text, code between backticks, the address of a page, or the mention of a person. */
export interface Part {
  readonly kind: "text" | "code" | "link" | "mention"
  readonly text: string
}

// An @ after a letter or a digit is part of a mail address.
const SPECIAL =
  /`([^`\n]+)`|https?:\/\/[^\s<>"'`]+|(?<![\p{L}\p{N}\p{M}._@-])@[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}._-]*[\p{L}\p{N}\p{M}])?/gu
const ENDS_SENTENCES = ".,;:!?"
const OPENED_BY = new Map([
  [")", "("],
  ["]", "["],
  ["}", "{"],
])

/** The address without the punctuation of the sentence around it: `(see https://example.com/a).` */
function withoutPunctuation(address: string): string {
  let end = address.length
  for (; end > 0; end--) {
    const last = address[end - 1] ?? ""
    const opening = OPENED_BY.get(last)
    const isOfSentence = opening === undefined ? ENDS_SENTENCES.includes(last) : !address.includes(opening)
    if (!isOfSentence) break
  }
  return address.slice(0, end)
}

/** The parts of a message, in order. Together they have all of its text except the backticks around code. */
export function partsOf(content: string): Part[] {
  const parts: Part[] = []
  const add = (kind: Part["kind"], text: string): void => void (text !== "" && parts.push({ kind, text }))
  let from = 0
  for (const match of content.matchAll(SPECIAL)) {
    const [whole, code] = match
    const kind = code !== undefined ? "code" : whole.startsWith("@") ? "mention" : "link"
    const text = kind === "link" ? withoutPunctuation(whole) : (code ?? whole)
    if (kind === "link" && !URL.canParse(text)) continue
    add("text", content.slice(from, match.index))
    add(kind, text)
    from = match.index + (kind === "link" ? text.length : whole.length)
  }
  add("text", content.slice(from))
  return parts
}

/** The parts as elements. A link neither sends a referrer nor gives the opened page access to this one. */
export function nodesOf(content: string): (Node | string)[] {
  return partsOf(content).map(({ kind, text }) => {
    if (kind === "text") return text
    if (kind === "code") return element("code", {}, text)
    if (kind === "mention") return element("span", { class: "mention" }, text)
    return element("a", { href: text, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, text)
  })
}
