import { Presence, PushError, RookeryError, type Channel, type Clock, type Socket } from "rookery"
import type { ChatMessage, ChatTopics, ChatUser } from "../topics.js"
import { isMentioned } from "./mentions.js"
import { Outbox, type Outgoing } from "./outbox.js"
import type { People } from "./people.js"
import { refusalOf } from "./session.js"
import { Sparing } from "./sparing.js"
import { Timeline } from "./timeline.js"
import { TELL_MS, Typists } from "./typists.js"

type RoomChannel = Channel<ChatTopics["room:*"]>

/** The state of a room: not joined yet, joined, waiting for the connection to rejoin, or refused. */
export type RoomState = "joining" | "joined" | "waiting" | "refused"

/** The parts of the chat that a room needs. */
export interface RoomHost {
  readonly user: ChatUser
  readonly people: People
  readonly clock: Clock
  /** Whether the room is visible now. */
  isSeen(room: Room): boolean
  /** The id of the newest message of a room that this person has seen in this browser. */
  lastSeen(name: string): string | undefined
  /** A message that was just sent mentions this person. */
  mentioned(room: Room, message: ChatMessage): void
  /** Called when something visible has changed. */
  roomChanged(): void
}

/** How many earlier messages are asked for at once. */
const PAGE = 50

/** A room: its messages, its people, and the unconfirmed messages. It outlives the sockets on which it is joined. */
export class Room {
  readonly name: string
  readonly timeline: Timeline = new Timeline()
  readonly outbox: Outbox = new Outbox()
  readonly typists: Typists
  /** The draft in the form. */
  draft = ""
  /** How many messages of others have not been shown. */
  unread = 0
  /** How many of these mention this person. */
  mentions = 0
  /** Why it is refused, or why its earlier messages did not come. */
  error: string | undefined
  loadingEarlier = false
  #state: RoomState = "joining"
  #users: ChatUser[] = []
  #channel: RoomChannel | undefined
  readonly #host: RoomHost
  readonly #signsOfTyping: Sparing
  #tellsTyping = true

  constructor(name: string, host: RoomHost) {
    this.name = name
    this.#host = host
    this.typists = new Typists(host.clock, () => host.roomChanged())
    this.#signsOfTyping = new Sparing(TELL_MS, host.clock)
  }

  get state(): RoomState {
    return this.#state
  }

  /** The people in the room, by name. */
  get users(): readonly ChatUser[] {
    return this.#users
  }

  /** Joins the room on this socket, and ignores a former one. Settles with the first answer. */
  async attach(socket: Socket<ChatTopics>): Promise<void> {
    const channel = socket.channel(`room:${this.name}`)
    this.#channel = channel
    // A channel of a former socket lives on for a moment, and is not listened to.
    const whileOurs =
      <Arguments extends unknown[]>(act: (...args: Arguments) => void) =>
      (...args: Arguments): void => {
        if (this.#channel !== channel) return
        act(...args)
        this.#host.roomChanged()
      }
    channel.on(
      "message",
      whileOurs((message) => this.#heard(message)),
    )
    channel.on(
      "typing",
      whileOurs(({ user }) => {
        // The same person may be typing in another tab.
        if (user.id !== this.#host.user.id) this.typists.heard(user)
      }),
    )
    channel.on(
      "display_name_changed",
      whileOurs(({ user, display_name }) => this.#host.people.rename(user, display_name)),
    )
    channel.onError(
      whileOurs(() => {
        if (this.#state === "joined") this.#state = "waiting"
        this.typists.clear()
      }),
    )
    channel.onClose(whileOurs(() => this.#refuse("The server has closed this room.")))
    const presence = new Presence(channel)
    presence.onSync(whileOurs(() => this.#present(presence)))
    const join = channel
      .join()
      .receive("ok", whileOurs(this.#joined.bind(this)))
      .receive(
        "error",
        whileOurs((response) => {
          // If the room had been joined before, the channel keeps trying by itself.
          if (this.#state !== "waiting") this.#refuse(refusalOf(response))
        }),
      )
    await join.catch(() => {})
  }

  /** Tries again to enter a room that refused us. */
  async enter(socket: Socket<ChatTopics>): Promise<void> {
    this.#state = "joining"
    this.error = undefined
    await this.attach(socket)
  }

  /** The room is shown, so all of its messages count as seen. */
  seen(): void {
    this.unread = 0
    this.mentions = 0
  }

  leave(): void {
    this.detach()?.leave()
  }

  /** Detaches from its socket, which ends. */
  detach(): RoomChannel | undefined {
    const channel = this.#channel
    this.#channel = undefined
    this.typists.clear()
    return channel
  }

  /** Sends a message: at once, or as soon as the room is joined again. */
  send(content: string): void {
    const item = this.outbox.add(content, this.timeline.newest)
    // The others take the message for the end of typing, so they are told of the next text at once.
    this.#signsOfTyping.free()
    if (this.#state === "joined") void this.#push(item)
    this.#host.roomChanged()
  }

  /** Tells the others in the room that this person is typing, and only rarely: nobody waits for the answer. */
  typed(): void {
    if (!this.#tellsTyping || this.#state !== "joined" || this.draft.trim() === "" || !this.#signsOfTyping.take())
      return
    this.#channel?.push("typing", {}).catch((error: unknown) => {
      // While servers are updated one after the other, one that does not know the event crashes the channel.
      if (error instanceof RookeryError && error.code === "channel_crashed") this.#tellsTyping = false
    })
  }

  /** Sends a failed message again. */
  retry(item: Outgoing): void {
    item.state = "waiting"
    if (this.#state === "joined") void this.#push(item)
    this.#host.roomChanged()
  }

  /** Removes a failed message, so that it can be edited. */
  takeBack(item: Outgoing): void {
    this.outbox.remove(item)
    this.draft = this.draft.trim() ? `${item.content}\n${this.draft}` : item.content
    this.#host.roomChanged()
  }

  /** Requests messages older than the oldest known one. */
  async loadEarlier(): Promise<void> {
    const channel = this.#channel
    const before = this.timeline.oldest?.id
    if (!channel || this.#state !== "joined" || this.loadingEarlier || before === undefined) return
    this.loadingEarlier = true
    this.error = undefined
    this.#host.roomChanged()
    try {
      const { messages } = await channel.push("history", { before, limit: PAGE })
      // In the meantime a rejoin may have reloaded the room.
      if (this.timeline.oldest?.id === before) this.timeline.addEarlier(messages)
      for (const { user } of messages) this.#host.people.meet(user)
    } catch (error) {
      this.error = failureOf(error)
    }
    this.loadingEarlier = false
    this.#host.roomChanged()
  }

  #joined({ users, messages }: ChatTopics["room:*"]["joined"]): void {
    const back = this.#state === "waiting" || this.timeline.newest !== undefined
    this.#state = "joined"
    this.error = undefined
    this.#setUsers(users)
    const missed = this.timeline.catchUp(messages)
    for (const message of missed) this.#settle(message)
    if (back) this.#count(missed)
    else this.#countUnseen(messages)
    for (const item of this.outbox.waiting) void this.#push(item)
  }

  #heard(message: ChatMessage): void {
    // A person in the room is renamed by an event of its own, which a message that was under way may come behind.
    if (!this.#users.some(({ id }) => id === message.user.id)) {
      this.#host.people.rename(message.user, message.user.display_name)
    }
    this.typists.done(message.user)
    if (!this.timeline.add(message)) return
    this.#settle(message)
    this.#count([message])
    if (this.#mentionsUs(message)) this.#host.mentioned(this, message)
  }

  #mentionsUs(message: ChatMessage): boolean {
    const { user, people } = this.#host
    return message.user.id !== user.id && isMentioned(message, people.nameOf(user))
  }

  #settle(message: ChatMessage): void {
    this.#host.people.meet(message.user)
    if (message.user.id === this.#host.user.id) this.outbox.arrived(message)
  }

  #count(messages: readonly ChatMessage[]): void {
    if (this.#host.isSeen(this)) return
    this.unread += messages.filter(({ user }) => user.id !== this.#host.user.id).length
    this.mentions += messages.filter((message) => this.#mentionsUs(message)).length
  }

  /**
   * Counts the messages since this browser last showed the room. A room that it never showed has no unread messages.
   */
  #countUnseen(messages: readonly ChatMessage[]): void {
    const seen = this.#host.lastSeen(this.name)
    if (seen === undefined) return
    // A message that is too old to be among them: then all of them came since.
    const at = messages.findIndex(({ id }) => id === seen)
    this.#count(messages.slice(at + 1))
  }

  #present(presence: Presence<ChatTopics["room:*"]>): void {
    const users = presence.list((id, { metas: [meta] }) => ({
      id,
      email: meta?.email ?? id,
      // The newest meta is the last; an older one may have an older name.
      display_name: meta?.display_name ?? null,
    }))
    this.#setUsers(users)
  }

  #setUsers(users: ChatUser[]): void {
    const { people } = this.#host
    for (const user of users) people.rename(user, user.display_name)
    this.#users = users
  }

  #refuse(why: string): void {
    this.#state = "refused"
    this.error = why
    this.#users = []
    this.leave()
  }

  async #push(item: Outgoing): Promise<void> {
    const channel = this.#channel
    if (!channel) return
    const { content } = item
    item.state = "sending"
    delete item.error
    try {
      const { message_id: id, timestamp } = await channel.push("send", { content })
      this.outbox.remove(item)
      // The broadcast usually comes first.
      this.timeline.add({ id, user: this.#host.user, content, timestamp })
    } catch (error) {
      this.outbox.fail(item, failureOf(error))
    }
    this.#host.roomChanged()
  }
}

/** The message for a push that got no reply or was refused. */
function failureOf(error: unknown): string {
  if (error instanceof PushError) return refusalOf(error.response)
  const code = error instanceof RookeryError ? error.code : undefined
  if (code === "timeout") return "The server did not answer in time."
  if (code === "disconnected" || code === "channel_closed") {
    return "The connection was lost before the server confirmed it."
  }
  return "The server did not confirm it."
}
