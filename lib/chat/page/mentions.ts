import type { ChatMessage } from "../topics.js"
import { partsOf } from "./message-text.js"

/** The texts that mention a person of this name after an `@`: the whole name, and its first word. */
export function handlesOf(name: string): string[] {
  const words = name.normalize("NFC").match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:[._-]+[\p{L}\p{N}\p{M}]+)*/gu) ?? []
  const [first] = words
  return first === undefined ? [] : [...new Set([words.join("-"), first])]
}

/** Cached, because each change of a room checks its rows again, and a message never changes. */
const found = new WeakMap<ChatMessage, ReadonlySet<string>>()

const lowered = (handle: string): string => handle.normalize("NFC").toLowerCase()

function mentionedIn(message: ChatMessage): ReadonlySet<string> {
  let handles = found.get(message)
  if (!handles) {
    const mentions = partsOf(message.content).filter(({ kind }) => kind === "mention")
    handles = new Set(mentions.map(({ text }) => lowered(text.slice(1))))
    found.set(message, handles)
  }
  return handles
}

/** Whether a message mentions a person with this current name. */
export function isMentioned(message: ChatMessage, name: string): boolean {
  const mentioned = mentionedIn(message)
  return mentioned.size > 0 && handlesOf(name).some((handle) => mentioned.has(lowered(handle)))
}
