import { PushError, RookeryError, type Channel, type Clock, type Socket } from "rookery"
import type { ChatMessage, ChatTopics, ChatUser, DirectoryRoom } from "../topics.js"
import { announce } from "./announcer.js"
import type { Traffic } from "./byte-counter.js"
import { pageClock } from "./clock.js"
import { LineWatch } from "./line-watch.js"
import { People } from "./people.js"
import {
  forgetRoom,
  rememberRoom,
  rememberedRooms,
  rememberedSeen,
  rememberedSerializer,
  rememberSeen,
  rememberSerializer,
} from "./preferences.js"
import { Room, type RoomHost } from "./room.js"
import { refusalOf } from "./session.js"
import { Signal } from "./signal.js"
import { Sparing } from "./sparing.js"
import { openSocket, type SerializerName } from "./wire.js"

/** The shortest time between two announcements of mentions in other rooms. */
const ANNOUNCE_MENTION_MS = 10_000

/** The state of the page for a logged-in person: the rooms, and the socket that they share. */
export class Chat implements RoomHost {
  readonly changed: Signal = new Signal()
  readonly people: People = new People()
  readonly clock: Clock = pageClock
  readonly line: LineWatch
  /** The bytes by serializer. */
  readonly traffic: Record<SerializerName, Traffic> = {
    json: { sent: 0, received: 0 },
    msgpack: { sent: 0, received: 0 },
  }
  #user: ChatUser
  #serializer: SerializerName = rememberedSerializer()
  readonly #rooms = new Map<string, Room>()
  #current: Room | undefined
  #socket: Socket<ChatTopics>
  #own: Channel<ChatTopics["user:*"]>
  readonly #announcedMentions = new Sparing(ANNOUNCE_MENTION_MS, this.clock)
  readonly #living = new AbortController()
  readonly #suspect: () => void
  /** The message that was last stored as seen. */
  #keptSeen = ""

  /** @param suspect called when the server refuses the socket repeatedly, as it does when the session has ended */
  constructor(user: ChatUser, suspect: () => void) {
    this.#user = user
    this.#suspect = suspect
    this.line = new LineWatch(this.#living.signal)
    this.#socket = this.#connect()
    this.#own = this.#joinOwn()
    for (const name of rememberedRooms()) void this.#add(name).attach(this.#socket)
    this.#current = this.rooms[0]
    this.people.rename(user, user.display_name)
    document.addEventListener("visibilitychange", () => this.#look(), this.#living)
  }

  get user(): ChatUser {
    return this.#user
  }

  get rooms(): Room[] {
    return [...this.#rooms.values()]
  }

  /** The room that is shown. */
  get current(): Room | undefined {
    return this.#current
  }

  get serializer(): SerializerName {
    return this.#serializer
  }

  isSeen(room: Room): boolean {
    return room === this.#current && document.visibilityState === "visible"
  }

  lastSeen(name: string): string | undefined {
    return rememberedSeen()[name]
  }

  mentioned(room: Room, message: ChatMessage): void {
    if (this.isSeen(room) || !this.#announcedMentions.take()) return
    announce(`${this.people.nameOf(message.user)} mentioned you in ${room.name}.`)
  }

  roomChanged(): void {
    this.#keepSeen()
    this.changed.tell()
  }

  /** Shows a room, and joins it first if need be. */
  open(name: string): Room {
    let room = this.#rooms.get(name)
    if (!room) {
      room = this.#add(name)
      void room.attach(this.#socket)
      rememberRoom(name)
    }
    this.#current = room
    this.#look()
    return room
  }

  /** Leaves a room, and shows the next one in the list. */
  leave(room: Room): void {
    const at = this.rooms.indexOf(room)
    room.leave()
    this.#rooms.delete(room.name)
    forgetRoom(room.name)
    if (room === this.#current) this.#current = this.rooms[at] ?? this.rooms[at - 1]
    this.#look()
  }

  /** Tries again to enter a room that was closed to us. */
  enter(room: Room): void {
    void room.enter(this.#socket)
    this.changed.tell()
  }

  /** Switches to another serializer on a new socket. The former socket ends once every room is on the new one. */
  async speak(serializer: SerializerName): Promise<void> {
    if (serializer === this.#serializer) return
    const former = this.#socket
    this.#serializer = serializer
    rememberSerializer(serializer)
    this.#socket = this.#connect()
    this.#own = this.#joinOwn()
    const joins = this.rooms.filter(({ state }) => state !== "refused").map((room) => room.attach(this.#socket))
    this.changed.tell()
    if (former.isConnected()) await Promise.all(joins)
    former.destroy()
  }

  /** Tries to connect at once instead of after the wait. */
  connectNow(): void {
    this.#socket.connect()
  }

  /** Changes the display name. Returns a message to show if that failed. */
  async setDisplayName(name: string | null): Promise<string | undefined> {
    try {
      const { display_name } = await this.#own.push("set_display_name", { display_name: name })
      this.#renamed(display_name)
      return undefined
    } catch (error) {
      return reasonOf(error)
    }
  }

  /** The directory of rooms with their people, or a message to show if it cannot be read. */
  async directory(): Promise<DirectoryRoom[] | string> {
    if (this.line.light.state !== "Connected") return "There is no connection."
    try {
      return (await this.#own.push("rooms", {})).rooms
    } catch (error) {
      return reasonOf(error)
    }
  }

  /** Whether any sent message is unconfirmed. */
  get hasUnsent(): boolean {
    return this.rooms.some(({ outbox }) => outbox.items.length > 0)
  }

  destroy(): void {
    this.#living.abort()
    for (const room of this.rooms) room.detach()
    this.#socket.destroy()
  }

  #connect(): Socket<ChatTopics> {
    const socket = openSocket(this.#serializer, this.traffic[this.#serializer], () => this.changed.tell())
    socket.onStatus((status, { tries }) => {
      // A page is not told why a websocket was refused.
      if (status === "reconnecting" && tries % 4 === 2) this.#suspect()
    })
    this.line.follow(socket)
    socket.connect()
    return socket
  }

  #joinOwn(): Channel<ChatTopics["user:*"]> {
    const own = this.#socket.channel(this.#user.id as `user:${string}`)
    own.on("display_name_changed", ({ display_name }) => this.#renamed(display_name))
    own
      .join()
      .receive("ok", ({ user }) => this.#renamed(user.display_name))
      .receive("error", this.#suspect)
    return own
  }

  #renamed(name: string | null): void {
    this.#user = { ...this.#user, display_name: name }
    this.people.rename(this.#user, name)
    this.changed.tell()
  }

  #add(name: string): Room {
    const room = new Room(name, this)
    this.#rooms.set(name, room)
    return room
  }

  /** Stores the newest message of the visible room as seen, for after a reload. */
  #keepSeen(): void {
    const room = this.#current
    const id = room && this.isSeen(room) ? room.timeline.newest?.id : undefined
    // After a log-out nothing may remain in the browser. Ids differ between rooms, too.
    if (!room || id === undefined || id === this.#keptSeen || this.#living.signal.aborted) return
    this.#keptSeen = id
    rememberSeen(room.name, id)
  }

  /** A visible room has no unread messages. */
  #look(): void {
    if (this.#current && this.isSeen(this.#current)) this.#current.seen()
    this.#keepSeen()
    this.changed.tell()
  }
}

/** The message for a request that the server refused or did not answer. */
function reasonOf(error: unknown): string {
  if (error instanceof PushError) return refusalOf(error.response)
  return error instanceof RookeryError && error.code === "timeout"
    ? "The server did not answer in time."
    : "The connection was lost. Try again."
}
