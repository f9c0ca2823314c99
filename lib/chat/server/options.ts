import type { EndpointOptions, Logger, TrustProxy } from "rookery/server/node"
import type { Mail } from "./mail.js"
import type { RateLimit } from "./rate-limiter.js"
import type { ChatStore } from "./store.js"

/** The limits of the chat: rates of requests, and the most that is stored. */
export interface ChatLimits {
  /** Links for one mail address, requested from one IP address. @default 3 at once, one more every 5 minutes */
  linksPerEmail: RateLimit
  /**
   * Links for one mail address, requested from any IP address, so that strangers cannot flood a mailbox. `everyMs` must
   * be shorter than the time for which a link works: if strangers use up this limit, the owner of the address still
   * always has a working link in the mailbox.
   *
   * @default 10 at once, one more every 5 minutes
   */
  linksPerMailbox: RateLimit
  /**
   * Requests for links, and attempts to use tokens, from one IP address. @default 20 at once, one more every 15 seconds
   */
  loginsPerAddress: RateLimit
  /** Messages and changes of the name by one user. @default 20 at once, one more every 200 milliseconds */
  messagesPerUser: RateLimit
  /**
   * Signs by one user, in all rooms together, that the user is typing. Each is sent to everybody in its room, as a
   * message is, so they have to be fewer than messages.
   *
   * @default 5 at once, one more every second
   */
  typingPerUser: RateLimit
  /** Joins, and other requests in rooms, by one user. @default 300 at once, one more every 50 milliseconds */
  asksPerUser: RateLimit
  /** Sockets of one user. @default 50 */
  socketsPerUser: number
  /** Stored messages of one room. @default 10_000 */
  messagesPerRoom: number
  /** Rooms with stored messages; a message to a further room is refused. @default 10_000 */
  rooms: number
  /** Existing rooms that one user has created, by sending their first message. @default 100 */
  roomsPerUser: number
  /** Rooms created by one user, and by one IP address. @default 20 at once, one more every 15 minutes */
  newRooms: RateLimit
}

/** Options of a {@link ChatServer}. */
export interface ChatServerOptions {
  /**
   * The public URL, such as `https://chat.example.com`: the beginning of links, and the origin whose pages may connect.
   *
   * @default `http://localhost` with the port, if the server listens on loopback only; otherwise it is required
   */
  publicUrl?: string | undefined
  /** Further origins whose pages may connect. @default none */
  origins?: readonly string[] | undefined
  /** The store of the chat's data. @default memoryStore(), which keeps it only until the process ends */
  store?: ChatStore | undefined
  /**
   * Sends links. @default by SMTP with the settings of the environment; without any, links are printed, on loopback
   * only
   */
  mail?: Mail | undefined
  /**
   * Decides by address who may log in. The answer to a request for a link is always the same, but a refused address
   * gets no mail.
   *
   * @default every address may
   */
  mayLogIn?: ((email: string) => boolean | Promise<boolean>) | undefined
  /**
   * Whether users on this machine can log in with one click, as `ada@localhost` and so on. It works only if the server
   * listens on loopback and mails no links, and only for requests from loopback, to a name of this machine, without a
   * proxy.
   *
   * @default true
   */
  localLogin?: boolean | undefined
  /** The path of the chat's page, to which a log-in redirects. @default "/" */
  home?: string | undefined
  /** The folder with the web page, or `false` for none. @default the page that comes with Rookery */
  page?: string | false | undefined
  /** The proxies whose `X-Forwarded-For` is trusted for the client's address. @default false */
  trustProxy?: TrustProxy | undefined
  /**
   * Whether users see the names of the rooms in which something was said last, and who is there. Without the directory a
   * room is found only by those who know its name.
   *
   * @default true
   */
  directory?: boolean | undefined
  /** The number of messages in the answer to a join. @default 50 */
  history?: number | undefined
  /** The minutes for which a link works. @default 15 */
  linkMinutes?: number | undefined
  /** The days that a session lasts. @default 30 */
  sessionDays?: number | undefined
  /** The days without a message after which a room is deleted with its messages. @default 90 */
  roomDays?: number | undefined
  limits?: Partial<ChatLimits> | undefined
  /** Further options of the endpoint, such as its limits, or the `cluster` that connects several servers. */
  endpoint?: Pick<EndpointOptions, "limits" | "slowClient" | "compress" | "cluster"> | undefined
  /** Writes the log; `false` turns it off. @default warnings and errors to the console */
  logger?: Logger | false | undefined
  /** Prints messages for the person who starts the server, such as links. @default console.log */
  print?: ((line: string) => void) | undefined
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined
}

const SECOND = 1000
const MINUTE = 60 * SECOND

/** The default limits. */
export const DEFAULT_CHAT_LIMITS: Readonly<ChatLimits> = {
  linksPerEmail: { burst: 3, everyMs: 5 * MINUTE },
  linksPerMailbox: { burst: 10, everyMs: 5 * MINUTE },
  loginsPerAddress: { burst: 20, everyMs: 15 * SECOND },
  messagesPerUser: { burst: 20, everyMs: 200 },
  typingPerUser: { burst: 5, everyMs: SECOND },
  asksPerUser: { burst: 300, everyMs: 50 },
  socketsPerUser: 50,
  messagesPerRoom: 10_000,
  rooms: 10_000,
  roomsPerUser: 100,
  newRooms: { burst: 20, everyMs: 15 * MINUTE },
}
