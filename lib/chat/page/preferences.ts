import { LOBBY } from "../topics.js"
import { isSerializerName, type SerializerName } from "./wire.js"

const SERIALIZER = "rookery.serializer"
const ROOMS = "rookery.rooms"

// Storage may be forbidden, or full: then the page forgets, and works.
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

/** The rooms that were joined last, the lobby if none was. */
export function rememberedRooms(): string[] {
  const rooms = attempt(() => JSON.parse(localStorage.getItem(ROOMS) ?? "[]") as unknown)
  const names = Array.isArray(rooms) ? rooms.filter((name): name is string => typeof name === "string") : []
  return names.length > 0 ? [...new Set(names)] : [LOBBY]
}

export function rememberRooms(names: readonly string[]): void {
  attempt(() => localStorage.setItem(ROOMS, JSON.stringify(names)))
}

/** Of who has logged out nothing stays here but the serializer. */
export function forgetRooms(): void {
  attempt(() => localStorage.removeItem(ROOMS))
}
