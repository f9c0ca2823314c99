import cluster from "node:cluster"
import { inspect } from "node:util"
import { RookeryError } from "rookery"
import type { Cluster, Logger, TrustProxy } from "rookery/server/node"
import type { ChatServer, ChatStore } from "rookery/chat/server"
import type { Arguments } from "./arguments.js"
import { CHAT_PORT, CHAT_QUIET, CHAT_REDIS, readWorkers, serveByWorkers } from "./chat-workers.js"
import { stopped } from "./stopped.js"
import type { Command } from "./command.js"
import { EXIT } from "./exit-codes.js"
import { Inputs } from "./inputs.js"
import { say, type Io } from "./io.js"
import { escapeControls } from "./terminal-text.js"
import { UsageError } from "./usage-error.js"
import { withoutSecrets } from "./without-secrets.js"

const DEFAULT_PORT = 8000
/** How many ports are tried if none was given. */
const PORTS_TRIED = 100

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text)
  throw new UsageError(`--port ${text} is not a port: 0 to 65535`)
}

function readDays(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === "never") return Infinity
  const days = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && days > 0) return days
  throw new UsageError(`--room-days ${text} is neither a number of days nor never`)
}

/** A number of proxies, or their addresses. */
function readTrustProxy(text: string | undefined): TrustProxy {
  if (text === undefined) return false
  if (/^\d{1,3}$/.test(text)) return Number(text)
  const addresses = text.split(",").map((address) => address.trim())
  if (addresses.every((address) => /^[\da-f.:]+$/i.test(address))) return addresses
  throw new UsageError(`--trust-proxy ${text} is neither a number of proxies nor their addresses`)
}

const hostOf = (args: Arguments): string => args.value("host") ?? "127.0.0.1"

/** Whether this is a worker process of `--workers`. */
const isWorker = (args: Arguments): boolean => cluster.isWorker && args.flag("workers")

const WORKERS_NEED_REDIS =
  "--workers needs --redis <url>: without it a message would reach only the people at its own worker"

const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE"

/** Listens on the given port, or on the first free one. */
async function listen(chat: ChatServer, host: string, asked: number | undefined): Promise<number> {
  for (let port = asked ?? DEFAULT_PORT; ; port++) {
    try {
      return (await chat.listen({ host, port })).port
    } catch (error) {
      if (!isTaken(error)) throw error
      if (asked !== undefined)
        throw new Error(`port ${port} is taken; give another --port, or 0 for any`, { cause: error })
      if (port === DEFAULT_PORT + PORTS_TRIED) throw error
    }
  }
}

/** The store of the chat, and the cluster that connects several servers. */
interface Keeping {
  store: ChatStore
  cluster?: Cluster
  letGo(): void
}

async function inRedis(url: string, io: Io): Promise<Keeping> {
  const { createClient } = await import("redis").catch((cause: unknown) => {
    throw new RookeryError("bad_option", "--redis needs the package redis: npm install redis", cause)
  })
  const { redis } = await import("rookery/redis")
  const { redisStore } = await import("rookery/chat/server")
  if (!/^rediss?:\/\//.test(url))
    throw new UsageError(`--redis ${withoutSecrets(url)} is not a Redis URL, such as redis://localhost:6379`)
  let reached = false
  const client = createClient({
    url,
    // At the start an unreachable Redis is an error; later the client reconnects.
    socket: { reconnectStrategy: (tries) => reached && Math.min(50 * 2 ** tries, 2000) * (0.5 + Math.random()) },
  })
  client.on("error", (error: Error) => reached && say(io, `warn: Redis: ${error.message}`))
  try {
    await client.connect()
  } catch (cause) {
    const { host } = new URL(url)
    throw new Error(`Redis cannot be reached at ${host}: ${(cause as Error).message}`, { cause })
  }
  reached = true
  return { store: await redisStore(client), cluster: redis(client), letGo: () => client.destroy() }
}

/** The URL of Redis, which may contain a password, from the option or the environment. */
async function readRedisUrl(args: Arguments, io: Io): Promise<string | undefined> {
  // The primary process has read it, perhaps from its standard input.
  if (isWorker(args)) return io.env[CHAT_REDIS]
  const given = args.value("redis")
  if (given !== undefined) return (await new Inputs(io).open(given, "--redis"))()
  return args.value("data") === undefined ? io.env["ROOKERY_REDIS_URL"] || undefined : undefined
}

async function keeping(args: Arguments, io: Io): Promise<Keeping> {
  const { lmdbStore, memoryStore } = await import("rookery/chat/server")
  const data = args.value("data")
  if (data !== undefined && args.value("redis") !== undefined) {
    throw new UsageError("use either --data or --redis, not both")
  }
  const url = await readRedisUrl(args, io)
  if (url !== undefined) return inRedis(url, io)
  return { store: data === undefined ? memoryStore() : await lmdbStore(data), letGo: () => {} }
}

async function serve(args: Arguments, { store, cluster: nodes }: Keeping, io: Io): Promise<number> {
  const { ChatServer, logMail, smtpMail } = await import("rookery/chat/server")
  const [ofPrimary, quiet] = isWorker(args) ? [io.env[CHAT_PORT], io.env[CHAT_QUIET] !== undefined] : [undefined, false]
  // Addresses of people come from the network.
  const print = (line: string): void => void io.stdout.write(`${escapeControls(line)}\n`)
  const logger: Logger = (level, message, fields) => {
    if (level === "warn" || level === "error")
      say(io, `${level}: ${message} ${inspect(fields, { breakLength: Infinity })}`)
  }
  const asked = readPort(ofPrimary ?? args.value("port"))
  const host = hostOf(args)
  const chat = new ChatServer({
    store,
    mail: smtpMail(io.env) ?? { ...logMail(print), ...(quiet && { start: () => {} }) },
    publicUrl: args.value("public-url"),
    trustProxy: readTrustProxy(args.value("trust-proxy")),
    roomDays: readDays(args.value("room-days")),
    print,
    logger,
    ...(nodes && { endpoint: { cluster: nodes } }),
  })
  try {
    const port = await listen(chat, host, asked)
    // Of several workers only the first one prints it.
    if (!quiet) {
      if (asked === undefined && port !== DEFAULT_PORT) print(`Port ${DEFAULT_PORT} is taken.`)
      if (args.value("data") === undefined && nodes === undefined)
        print("Nothing is kept when the server stops; to keep it give --data <dir> or --redis <url>.")
      print(`The chat is at ${chat.publicUrl}, and listens on ${host.includes(":") ? `[${host}]` : host}:${port}`)
    }
    await stopped(io.signal)
    if (!isWorker(args)) say(io, "closing")
    return EXIT.ok
  } finally {
    await chat.close()
  }
}

/** `rookery chat-server`: serves the chat. */
export const chatServer: Command = {
  name: "chat-server",
  usage: "[options]",
  arity: [0, 0],
  about: [
    "Serves a chat: the web page, log-in by links, and the socket that rookery chat and the page talk to.",
    "Links are mailed if the environment says how (SMTP_URL, or SMTP_HOST, SMTP_PORT, SMTP_USER and",
    "SMTP_PASS, and MAIL_FROM); otherwise they are printed here. Ctrl-C closes all connections",
    "gracefully and stops the server.",
  ].join("\n"),
  options: {
    port: { value: "port", short: "p", help: "the port to listen on [8000, or the next free one]" },
    host: { value: "address", help: "the address to listen on [127.0.0.1: this machine only]" },
    data: {
      value: "dir",
      help: "the folder for the data, stored with lmdb [nothing is stored]",
      completes: "folder",
    },
    redis: {
      value: "url",
      help: "the URL of a Redis or Valkey for several servers, or @file with it [$ROOKERY_REDIS_URL]",
      completes: "@file",
    },
    workers: {
      value: "number",
      help: "the number of processes, to use as many cores; needs --redis [1, without]",
    },
    "room-days": { value: "days", help: "how long a room without new messages is kept, or never to keep all [90]" },
    "public-url": { value: "url", help: "the public address, with which links begin [http://localhost and the port]" },
    "trust-proxy": { value: "proxies", help: "the number of proxies in front, or their comma-separated addresses [0]" },
  },
  examples: [
    "rookery chat-server",
    "rookery chat-server --port 8000 --data ./chat-data",
    "rookery chat-server --port 8001 --redis redis://localhost:6379 --public-url https://chat.example.com",
    "rookery chat-server --workers 4 --redis redis://localhost:6379",
    "rookery chat-server --host 0.0.0.0 --public-url https://chat.example.com --trust-proxy 1 --data /var/lib/chat",
  ],
  async run(args, io) {
    let kept: Keeping | undefined
    try {
      const count = readWorkers(args.value("workers"))
      if (count !== undefined && !isWorker(args)) {
        const redisUrl = args.value("data") === undefined ? await readRedisUrl(args, io) : undefined
        if (redisUrl === undefined) throw new UsageError(WORKERS_NEED_REDIS)
        const atAnyPort = readPort(args.value("port")) === 0
        return await serveByWorkers({ count, redisUrl, host: hostOf(args), atAnyPort }, io)
      }
      kept = await keeping(args, io)
      return await serve(args, kept, io)
    } catch (error) {
      // The options, from the arguments or the environment, are contradictory.
      if (error instanceof RookeryError && error.code === "bad_option") throw new UsageError(error.message)
      throw error
    } finally {
      kept?.letGo()
    }
  },
}
