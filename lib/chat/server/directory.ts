import type { Endpoint } from "rookery/server/node"
import { LOBBY, localPart, type ChatTopics, type DirectoryRoom } from "../topics.js"
import type { ChatAssigns } from "./people.js"
import type { ChatStore } from "./store.js"

/** The most rooms of an answer. */
const MAX_ROOMS = 50
/** The most people of a room that are named. */
const MAX_NAMES = 5
/** How long an answer is given again: to look at the presence of every room takes time, and users may ask at once. */
const FRESH_MS = 2000

/** The rooms in which something was said last, and who is there now, on every server. */
export class Directory {
  readonly #endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly #store: ChatStore
  readonly #now: () => number
  #answer: Promise<DirectoryRoom[]> | undefined
  #lookedAt = -Infinity

  constructor(endpoint: Endpoint<ChatTopics, ChatAssigns>, store: ChatStore, now: () => number) {
    this.#endpoint = endpoint
    this.#store = store
    this.#now = now
  }

  /** The lobby, and then the other rooms, the one with the newest message first. */
  rooms(): Promise<DirectoryRoom[]> {
    const age = this.#now() - this.#lookedAt
    if (this.#answer !== undefined && age >= 0 && age < FRESH_MS) return this.#answer
    this.#lookedAt = this.#now()
    const answer = this.#look()
    this.#answer = answer
    // A failure is not given again.
    answer.catch(() => {
      if (this.#answer === answer) this.#answer = undefined
    })
    return answer
  }

  async #look(): Promise<DirectoryRoom[]> {
    const known = (await this.#store.rooms?.(MAX_ROOMS)) ?? []
    const names = [LOBBY, ...known.filter((name) => name !== LOBBY)].slice(0, MAX_ROOMS)
    const rooms: DirectoryRoom[] = []
    // One after the other: on several servers a room without a client here is a question to the others.
    for (const name of names) rooms.push(await this.#room(name))
    return rooms
  }

  async #room(name: string): Promise<DirectoryRoom> {
    const topic = `room:${name}` as const
    // Without a client of this server in the room, the presence of the other servers has to be asked for.
    const here = this.#endpoint.presences(topic)
    const there = Object.keys(here).length > 0 ? here : await this.#endpoint.allPresences(topic)
    const metas = Object.values(there).map(({ metas }) => metas.at(-1))
    const people = metas
      .slice(0, MAX_NAMES)
      .map((meta) => meta?.display_name ?? localPart(meta?.email ?? ""))
      .filter((name) => name !== "")
    return { name, count: metas.length, people }
  }
}
