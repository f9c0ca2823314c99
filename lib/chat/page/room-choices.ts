import type { DirectoryRoom } from "../topics.js"

/** A room that can be chosen. */
export interface RoomChoice {
  readonly name: string
  /** Whether this person is in it, it is in the directory, or it is only a typed name. */
  readonly kind: "joined" | "listed" | "typed"
  readonly detail: string
}

/** A room that this person is in. */
export interface JoinedRoom {
  readonly name: string
  readonly unread: number
  readonly mentions: number
}

/** The most rooms shown: typing another letter is quicker than a long list. */
const MOST = 30

/** The name of a room that a typed text means. */
export const roomNameOf = (typed: string): string =>
  typed.normalize("NFC").trim().toLowerCase().replace(/^#\s*/, "").replaceAll(/\s+/g, "-")

/** The people of a room, in words. */
export function peopleWords({ count, people }: Pick<DirectoryRoom, "count" | "people">): string {
  if (count === 0) return "nobody there"
  const more = count - people.length
  if (people.length === 0) return `${count} there`
  if (more > 0) return `${people.join(", ")} and ${more} more there`
  const last = people.at(-1) ?? ""
  return `${people.length === 1 ? last : `${people.slice(0, -1).join(", ")} and ${last}`} there`
}

const unreadWords = ({ unread, mentions }: JoinedRoom): string[] => {
  if (unread === 0) return []
  return mentions === 0 ? [`${unread} unread`] : [`${unread} unread`, `${mentions} for you`]
}

/** The rooms that a typed text may mean: this person's rooms, those of the directory, or else the typed name itself. */
export function choicesOf(
  typed: string,
  joined: readonly JoinedRoom[],
  directory: readonly DirectoryRoom[],
): RoomChoice[] {
  const wanted = roomNameOf(typed)
  const listed = new Map(directory.map((room) => [room.name, room]))
  const people = (name: string): string[] => {
    const room = listed.get(name)
    return room ? [peopleWords(room)] : []
  }
  const own = new Set(joined.map(({ name }) => name))
  const all: RoomChoice[] = [
    ...joined.map((room): RoomChoice => {
      const detail = [...unreadWords(room), ...people(room.name)].join(", ")
      return { name: room.name, kind: "joined", detail }
    }),
    ...directory
      .filter(({ name }) => !own.has(name))
      .map((room): RoomChoice => ({ name: room.name, kind: "listed", detail: peopleWords(room) })),
  ]
  const rank = ({ name }: RoomChoice): number => (name === wanted ? 0 : name.startsWith(wanted) ? 1 : 2)
  const found = all.filter(({ name }) => name.includes(wanted))
  found.sort((a, b) => rank(a) - rank(b))
  const isKnown = wanted === "" || own.has(wanted) || listed.has(wanted)
  const typedOnly: RoomChoice[] = isKnown ? [] : [{ name: wanted, kind: "typed", detail: "join it by this name" }]
  return [...found.slice(0, MOST - typedOnly.length), ...typedOnly]
}
