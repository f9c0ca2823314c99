import { AuthenticationError, LOBBY, type ChatClient, type ChatEvents, type ChatMessage } from "rookery/chat"
import { chatHelp, CHAT_COMMANDS, readToken, type ChatCommandName, type Typed } from "./chat-commands.js"
import { messageLine, messageLines, nameOf } from "./chat-lines.js"
import type { Screen } from "./screen.js"
import { nearest } from "./nearest.js"
import { escapeControls } from "./terminal-text.js"

const COMMAND_NAMES: readonly string[] = CHAT_COMMANDS.map(({ name }) => name)

const isCommand = (name: string): name is ChatCommandName => COMMAND_NAMES.includes(name)

const NEED_CONNECTION: ReadonlySet<ChatCommandName> = new Set(["/name", "/join", "/leave", "/users", "/rooms"])

/** The most rooms that the prompt names. */
const MAX_PROMPTED = 3

/** Why a command failed, as shown to the person. */
class Refusal extends Error {}

/** Carries out typed commands, and shows what happens. */
export class ChatSession {
  readonly #client: ChatClient
  readonly #screen: Screen
  readonly #quit: () => void
  /** The current room, which typed messages go to. */
  #room: string | undefined
  /** Own messages that were already printed, by their answer or their event, whichever came first. */
  readonly #printed = new Set<string>()
  /** The number of unread messages in each room other than the current one. */
  readonly #unread = new Map<string, number>()
  #wasConnected = false
  /** Set during a log-out, in which the server closes the connection. */
  #isLoggingOut = false
  /** Whether a command has failed. */
  hasFailed = false

  constructor(client: ChatClient, screen: Screen, quit: () => void) {
    this.#client = client
    this.#screen = screen
    this.#quit = quit
    this.#listen()
  }

  /** Connects with the token of a link, else with the saved session. */
  async connect(token?: string): Promise<void> {
    await this.#begin(() => this.#client.connect(token))
  }

  async #begin(connect: () => Promise<void>): Promise<void> {
    this.#wasConnected = false
    this.#room = undefined
    this.#unread.clear()
    await connect()
    await this.#enter(LOBBY, true)
  }

  /** Connects with the saved session, if there is one. */
  async resume(): Promise<void> {
    try {
      await this.connect()
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
      const here = (await this.#client.offersLocalLogin()) ? "/here logs you in at once, " : ""
      this.#screen.notice(`You are not logged in: ${here}/login <email> sends you a link, /token <link> uses it.`)
      this.#showPrompt()
    }
  }

  /** Carries out a typed line. Never rejects. */
  async type(typed: Typed): Promise<void> {
    try {
      if (typed === undefined) return
      if ("say" in typed) await this.#say(typed.say)
      else await this.#command(typed.command, typed.argument)
    } catch (error) {
      this.hasFailed = true
      this.#screen.notice(error instanceof Error ? error.message : String(error))
    }
  }

  async #say(content: string): Promise<void> {
    try {
      this.#checkConnected()
      const room = this.#room
      if (room === undefined) throw new Refusal("you are in no room; /join one")
      const sent = await this.#client.send(content, { room })
      if (sent.status !== "ok") throw new Refusal(sent.error)
      const { user } = this.#client
      if (user !== null) this.#message({ id: sent.message_id, timestamp: sent.timestamp, user, content, room })
    } catch (error) {
      throw new Refusal(`Not sent (${(error as Error).message}): ${content}`, { cause: error })
    }
  }

  #checkConnected(): void {
    const { connected, connectionState } = this.#client
    if (connected) return
    throw new Refusal(
      connectionState === "disconnected"
        ? "you are not logged in: /login <email>, then /token <link>"
        : "there is no connection just now",
    )
  }

  async #command(name: string, argument: string): Promise<void> {
    if (!isCommand(name)) {
      const meant = nearest(name, COMMAND_NAMES)
      throw new Refusal(`There is no ${name}; ${meant === undefined ? "see /help" : `did you mean ${meant}?`}`)
    }
    const needed = CHAT_COMMANDS.find((command) => command.name === name)?.usage ?? ""
    if (needed.startsWith("<") && argument === "") throw new Refusal(`${name} ${needed}`)
    if (NEED_CONNECTION.has(name)) this.#checkConnected()
    await this.#commands[name](argument)
  }

  readonly #commands: Record<ChatCommandName, (argument: string) => Promise<void> | void> = {
    "/here": async () => {
      if (!(await this.#client.offersLocalLogin())) {
        throw new Refusal("This server logs nobody in without a link: /login <email>")
      }
      await this.#begin(() => this.#client.connectLocally())
    },
    "/login": async (email) => {
      await this.#client.login(email)
      this.#screen.notice(`A link is on its way to ${email}. Paste it here: /token <link>`)
    },
    "/token": (text) => this.connect(readToken(text)),
    "/name": async (name) => {
      const renamed = await this.#client.setDisplayName(name === "" ? null : name)
      if (renamed.status !== "ok") throw new Refusal(renamed.error)
      this.#tellOwnName()
    },
    "/join": (room) => this.#enter(room.replace(/^#/, "")),
    "/leave": (room) => this.#leave(room.replace(/^#/, "")),
    "/users": async () => {
      if (this.#room === undefined) throw new Refusal("You are in no room; /join one")
      const users = await this.#client.users(this.#room)
      const { styles } = this.#screen
      for (const user of users) this.#screen.print(`  ${styles.person(user.id)(nameOf(user))}`)
    },
    "/rooms": () => {
      for (const room of this.#client.rooms) {
        const unread = this.#unread.get(room) ?? 0
        const state = room === this.#room ? "  here" : unread > 0 ? `  ${unread} unread` : ""
        this.#screen.print(`  ${this.#screen.styles.green(`#${escapeControls(room)}`)}${state}`)
      }
    },
    "/logout": async () => {
      this.#isLoggingOut = true
      try {
        await this.#client.logout()
      } finally {
        this.#isLoggingOut = false
      }
      this.#screen.notice("Logged out, everywhere where this session was used.")
    },
    "/help": () => {
      for (const line of chatHelp()) this.#screen.print(line)
    },
    "/quit": () => this.#quit(),
  }

  /** Enters a room, and shows its last messages; a room that was entered before only becomes the current one. */
  async #enter(room: string, isNew: boolean = !this.#client.rooms.includes(room)): Promise<void> {
    const { users, messages } = await this.#client.join(room).catch((error: unknown) => {
      throw new Refusal(`${room} was not joined: ${reasonOf(error)}`, { cause: error })
    })
    this.#room = room
    this.#unread.delete(room)
    this.#showPrompt()
    if (!isNew) return
    for (const message of messages) this.#print(message, undefined)
    this.#screen.notice(`In ${room}: ${users.map(nameOf).join(", ")}`)
  }

  async #leave(named: string): Promise<void> {
    const room = named === "" ? this.#room : named
    if (room === undefined || !this.#client.rooms.includes(room))
      throw new Refusal(`You are not in ${room ?? "any room"}`)
    await this.#client.leave(room)
    this.#unread.delete(room)
    if (room === this.#room) this.#room = this.#client.rooms.at(-1)
    this.#unread.delete(this.#room ?? "")
    this.#showPrompt()
    this.#screen.notice(`Left ${room}.`)
  }

  #showPrompt(): void {
    const unread = [...this.#unread].map(([room, count]) => `${escapeControls(room)} ${count}`)
    const more = unread.length > MAX_PROMPTED ? ["…"] : []
    const elsewhere = unread.length > 0 ? ` (${[...unread.slice(0, MAX_PROMPTED), ...more].join(", ")})` : ""
    this.#screen.prompt(`${escapeControls(this.#room ?? "")}${elsewhere}> `)
  }

  #tellOwnName(): void {
    const { user } = this.#client
    if (user !== null) this.#screen.notice(`You are ${nameOf(user)} now.`)
  }

  #message(message: ChatMessage & { room: string }): void {
    const isOwn = message.user.id === this.#client.user?.id
    // The second of the two is ignored.
    if (isOwn && this.#printed.delete(message.id)) return
    if (isOwn) this.#printed.add(message.id)
    const elsewhere = this.#elsewhere(message.room)
    this.#print(message, elsewhere)
    if (isOwn || elsewhere === undefined) return
    this.#unread.set(elsewhere, (this.#unread.get(elsewhere) ?? 0) + 1)
    this.#showPrompt()
  }

  #print(message: ChatMessage, room: string | undefined): void {
    const { hasLines, styles } = this.#screen
    this.#screen.print((hasLines ? messageLines : messageLine)(message, room, styles))
  }

  #elsewhere(room: string): string | undefined {
    return room === this.#room ? undefined : room
  }

  #listen(): void {
    const client = this.#client
    const inRoom = ({ room }: { room?: string }): string => {
      const elsewhere = this.#elsewhere(room ?? "")
      return elsewhere === undefined ? "" : ` #${elsewhere}`
    }
    client.on("message", (message) => this.#message(message))
    client.on("user_joined", (event) => this.#screen.notice(`${nameOf(event.user)} joined${inRoom(event)}`))
    client.on("user_left", (event) => this.#screen.notice(`${nameOf(event.user)} left${inRoom(event)}`))
    client.on("display_name_changed", (event) => this.#renamed(event))
    client.on("authenticated", ({ user }) => {
      this.#screen.notice(this.#wasConnected ? "Connected again." : `You are ${nameOf(user)}.`)
      this.#wasConnected = true
    })
    client.on("connection_state", ({ state, retry_in_ms: wait }) => {
      if (state !== "reconnecting" || wait === undefined || this.#isLoggingOut) return
      this.#screen.notice(`The connection is lost; trying again in ${(wait / 1000).toFixed(0)} s.`)
    })
    client.on("disconnect", () => {
      this.#room = undefined
      this.#unread.clear()
      this.#showPrompt()
    })
    client.on("error", ({ error }) => this.#screen.notice(error))
  }

  #renamed({ user, room }: ChatEvents["display_name_changed"]): void {
    const isOwn = user.id === this.#client.user?.id
    // Own changes arrive on the user's own channel, if they were made elsewhere; those of others arrive once for each
    // room.
    if (isOwn && room === undefined) this.#tellOwnName()
    else if (!isOwn && room === this.#room) this.#screen.notice(`${user.email} is ${nameOf(user)} now.`)
  }
}

/** The server's explanation, if it gave one. */
function reasonOf(error: unknown): string {
  const { response, message } = error as { response?: { error?: unknown }; message: string }
  return typeof response?.error === "string" ? response.error : message
}
