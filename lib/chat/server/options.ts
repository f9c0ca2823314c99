import type { EndpointOptions, Logger, TrustProxy } from "rookery/server/node"
import type { Mail } from "./mail.js"
import type { RateLimit } from "./rate-limiter.js"
import type { ChatStore } from "./store.js"

/** How often something may be asked for, and how much is kept. */
export interface ChatLimits {
  /** Links for one mail address, asked for from one IP address. @default 3 at once, one more every 5 minutes */
  linksPerEmail: RateLimit
  /**
   * Links for one mail address, from wherever they are asked for: nobody floods the mailbox of another. `everyMs` has to be
   * shorter than a link works. A stranger who uses this up then has a working link mailed to the owner all the time.
   *
   * @default 10 at once, one more every 5 minutes
   */
  linksPerMailbox: RateLimit
  /** Links asked for, and tokens tried, from one IP address. @default 20 at once, one more every 15 seconds */
  loginsPerAddress: RateLimit
  /** Messages and changed names of one person. @default 20 at once, one more every 200 milliseconds */
  messagesPerUser: RateLimit
  /** Joins, and what else is asked for in a room, of one person. @default 300 at once, one more every 50 milliseconds */
  asksPerUser: RateLimit
  /** Sockets of one person. @default 50 */
  socketsPerUser: number
  /** Messages of one room that are kept. @default 10_000 */
  messagesPerRoom: number
  /** Rooms whose messages are kept; in one more nobody can say anything. @default 10_000 */
  rooms: number
  /** Rooms that one person has begun, by the first message in them, and that are kept. @default 100 */
  roomsPerUser: number
  /** Rooms begun by one person, and rooms begun from one IP address. @default 20 at once, one more every 15 minutes */
  newRooms: RateLimit
}

/** Options of a {@link ChatServer}. */
export interface ChatServerOptions {
  /**
   * Where people find it, as `https://chat.example.com`: what links begin with, and the origin whose pages may connect.
   *
   * @default `http://localhost` and the port, while it listens on this machine only; otherwise it has to be said
   */
  publicUrl?: string | undefined
  /** Further origins whose pages may connect. @default none */
  origins?: readonly string[] | undefined
  /** Where everything is kept. @default memoryStore(), which forgets */
  store?: ChatStore | undefined
  /** How links are sent. @default by SMTP if the environment says how, else they are printed, on this machine only */
  mail?: Mail | undefined
  /**
   * Who may log in, by address. Whoever asks gets the same answer either way, and no mail if they may not.
   *
   * @default everybody
   */
  mayLogIn?: ((email: string) => boolean | Promise<boolean>) | undefined
  /**
   * Whether people of this machine log in with one click, as `ada@localhost` and so on. It takes a server that listens on
   * loopback only and mails no links, and requests that come from loopback, for a name of this machine, past no proxy.
   *
   * @default true
   */
  localLogin?: boolean | undefined
  /** The path of the chat's page: a log-in leads there. @default "/" */
  home?: string | undefined
  /** The folder with the web page, or `false` for none. @default the page that comes with Rookery */
  page?: string | false | undefined
  /** Whose forwarded address counts as the client's. @default false */
  trustProxy?: TrustProxy | undefined
  /** How many messages a room shows to who joins. @default 50 */
  history?: number | undefined
  /** How many minutes a link works. @default 15 */
  linkMinutes?: number | undefined
  /** How many days a session lasts. @default 30 */
  sessionDays?: number | undefined
  /** After how many days without a message a room is forgotten, with all that was said in it. @default 90 */
  roomDays?: number | undefined
  limits?: Partial<ChatLimits> | undefined
  /** Further options of the endpoint: its limits, or the `cluster` that makes one chat of several servers. */
  endpoint?: Pick<EndpointOptions, "limits" | "slowClient" | "compress" | "cluster"> | undefined
  /** Where lines of the log go; `false` for nowhere. @default warnings and errors to the console */
  logger?: Logger | false | undefined
  /** Prints what the person who starts it has to see. @default console.log */
  print?: ((line: string) => void) | undefined
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined
}

const SECOND = 1000
const MINUTE = 60 * SECOND

/** The limits that hold unless others are given. */
export const DEFAULT_CHAT_LIMITS: Readonly<ChatLimits> = {
  linksPerEmail: { burst: 3, everyMs: 5 * MINUTE },
  linksPerMailbox: { burst: 10, everyMs: 5 * MINUTE },
  loginsPerAddress: { burst: 20, everyMs: 15 * SECOND },
  messagesPerUser: { burst: 20, everyMs: 200 },
  asksPerUser: { burst: 300, everyMs: 50 },
  socketsPerUser: 50,
  messagesPerRoom: 10_000,
  rooms: 10_000,
  roomsPerUser: 100,
  newRooms: { burst: 20, everyMs: 15 * MINUTE },
}
