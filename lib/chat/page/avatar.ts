import { element } from "../../page/dom.js"

const TINTS = 8

/** The colour of a person, which stays the same if the name changes. */
function tintOf(id: string): number {
  let hash = 0
  for (const letter of id) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0
  return hash % TINTS
}

/** The first letters of the first two words. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s@._-]+/u).filter((word) => /^[\p{L}\p{N}]/u.test(word))
  const [first = "?", second = ""] = name.includes("@") ? words.slice(0, 1) : words
  return [first, second]
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase()
}

/** The initials of a person on their colour. The name is beside them, so they are not read out. */
export function avatar(id: string): HTMLElement {
  return element("span", { class: "avatar", "data-tint": String(tintOf(id)), "aria-hidden": "true" })
}
