import { element } from "./dom.js"

/** A part of a message: plain text, code between backticks, or the address of a page. */
export interface Part {
  readonly kind: "text" | "code" | "link"
  readonly text: string
}

const CODE_OR_LINK = /`([^`\n]+)`|https?:\/\/[^\s<>"'`]+/g
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

/** The parts of a message, in order. Together they have all of its text but the backticks of code. */
export function partsOf(content: string): Part[] {
  const parts: Part[] = []
  const add = (kind: Part["kind"], text: string): void => void (text !== "" && parts.push({ kind, text }))
  let from = 0
  for (const match of content.matchAll(CODE_OR_LINK)) {
    const code = match[1]
    const address = code === undefined ? withoutPunctuation(match[0]) : ""
    if (code === undefined && !URL.canParse(address)) continue
    add("text", content.slice(from, match.index))
    add(code === undefined ? "link" : "code", code ?? address)
    from = match.index + (code === undefined ? address.length : match[0].length)
  }
  add("text", content.slice(from))
  return parts
}

/** The parts as elements. A link tells the page it leads to neither where it was nor gives it a hold on this one. */
export function nodesOf(content: string): (Node | string)[] {
  return partsOf(content).map(({ kind, text }) => {
    if (kind === "text") return text
    if (kind === "code") return element("code", {}, text)
    return element("a", { href: text, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, text)
  })
}
