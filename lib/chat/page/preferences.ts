import { LOBBY } from "../topics.js"
import { isSerializerName, type SerializerName } from "./wire.js"

const SERIALIZER = "rookery.serializer"
const ROOMS = "rookery.rooms"
const SEEN = "rookery.seen"

// Storage may be forbidden or full: the page then works, but remembers nothing.
function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}

/** The serializer that was chosen last. */
export function rememberedSerializer(): SerializerName {
  const word = attempt(() => localStorage.getItem(SERIALIZER)) ?? null
  return isSerializerName(word) ? word : "json"
}

export function rememberSerializer(name: SerializerName): void {
  attempt(() => localStorage.setItem(SERIALIZER, name))
}

/** The rooms that are joined in this browser, in any of its tabs; the lobby if there are none. */
export function rememberedRooms(): string[] {
  const rooms = attempt(() => JSON.parse(localStorage.getItem(ROOMS) ?? "[]") as unknown)
  const names = Array.isArray(rooms) ? rooms.filter((name): name is string => typeof name === "string") : []
  return names.length > 0 ? [...new Set(names)] : [LOBBY]
}

function rememberRooms(names: readonly string[]): void {
  attempt(() => localStorage.setItem(ROOMS, JSON.stringify(names)))
}

/** Adds a room to the stored list, which another tab may have changed since this one loaded. */
export function rememberRoom(name: string): void {
  rememberRooms([...new Set([...rememberedRooms(), name])])
}

/** Removes a room from the stored list. */
export function forgetRoom(name: string): void {
  rememberRooms(rememberedRooms().filter((other) => other !== name))
}

/** The newest message of each room that was shown here, by its id. */
export function rememberedSeen(): Readonly<Record<string, string>> {
  const seen = attempt(() => JSON.parse(localStorage.getItem(SEEN) ?? "{}") as unknown)
  const entries = typeof seen === "object" && seen !== null ? Object.entries(seen) : []
  // No prototype: a room may be called "constructor".
  const byRoom = Object.create(null) as Record<string, string>
  for (const [room, id] of entries) if (typeof id === "string") byRoom[room] = id
  return byRoom
}

export function rememberSeen(room: string, id: string): void {
  const seen = rememberedSeen()
  if (seen[room] === id) return
  attempt(() => localStorage.setItem(SEEN, JSON.stringify({ ...seen, [room]: id })))
}

/** A log-out removes everything except the serializer. */
export function forgetRooms(): void {
  attempt(() => {
    localStorage.removeItem(ROOMS)
    localStorage.removeItem(SEEN)
  })
}
