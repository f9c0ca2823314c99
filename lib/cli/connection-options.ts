import { validateHeaderName, validateHeaderValue } from "node:http"
import {
  json,
  jsonV1,
  longPoll,
  Socket,
  webSocket,
  type MessageSerializer,
  type SocketOptions,
  type Transport,
} from "rookery"
import type { Arguments } from "./arguments.js"
import type { OptionSpecs } from "./command.js"
import { readAll, say, type Io } from "./io.js"
import { nearest } from "./nearest.js"
import { quietFetch } from "./quiet-fetch.js"
import { UsageError } from "./usage-error.js"
import { withoutSecrets } from "./without-secrets.js"

/** What `tail` and `push` connect with. */
export const CONNECTION_OPTIONS: OptionSpecs = {
  param: { value: "name=value", multiple: true, help: "a param of the connection; may be repeated" },
  join: { value: "json", help: "the params of the join, an object [{}]" },
  "auth-token": {
    value: "token",
    help: "the authToken, or - to read it from standard input [$ROOKERY_AUTH_TOKEN]",
  },
  serializer: { value: "name", help: "json, msgpack or v1 [json]" },
  longpoll: { help: "long-poll instead of a websocket" },
  header: { value: "name: value", multiple: true, help: "a header of the connection; may be repeated" },
  timeout: { value: "ms", help: "how long to wait for the connection, and for each answer [10000]" },
}

/** The options, read and checked. */
export interface ConnectionSettings {
  /** Where the socket is mounted, without `/websocket`. */
  readonly url: string
  /** The same as it may be shown: no query, no password. */
  readonly shownUrl: string
  readonly params: Readonly<Record<string, string>>
  readonly join: object
  readonly authToken: string | undefined
  readonly serializer: MessageSerializer
  readonly transport: Transport
  readonly timeout: number
}

/** JSON of the command line. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // What the parser says quotes a part of it.
    const [, position] = /at position (\d+)/.exec((error as Error).message) ?? []
    throw new UsageError(`${what} is not JSON${position === undefined ? "" : ` (at position ${position})`}`)
  }
}

function readUrl(text: string): { url: string; shownUrl: string; params: Record<string, string> } {
  if (!/^(?:wss?|https?):\/\//i.test(text)) {
    throw new UsageError(`the URL has to begin with ws://, wss://, http:// or https://, not as ${withoutSecrets(text)}`)
  }
  if (!URL.canParse(text)) throw new UsageError(`this is no URL: ${withoutSecrets(text)}`)
  const url = new URL(text)
  const params = Object.fromEntries(url.searchParams)
  // A URL out of a browser's list of requests has it; the serializer says its own.
  delete params["vsn"]
  url.search = url.hash = ""
  url.pathname = url.pathname.replace(/\/+$/, "").replace(/\/(?:websocket|longpoll)$/, "")
  const shown = new URL(url)
  shown.username = shown.password = ""
  const bare = (url: URL): string => url.href.replace(/\/$/, "")
  return { url: bare(url), shownUrl: bare(shown), params }
}

function readParams(given: readonly string[]): Record<string, string> {
  const params = new Map<string, string>()
  for (const param of given) {
    const at = param.indexOf("=")
    if (at < 1) throw new UsageError("a --param is no name=value: it has no = behind a name")
    const name = param.slice(0, at)
    if (params.has(name)) throw new UsageError(`--param ${name} is given twice`)
    params.set(name, param.slice(at + 1))
  }
  return Object.fromEntries(params)
}

function readHeaders(given: readonly string[]): Record<string, string> | undefined {
  const headers = new Map<string, string>()
  for (const header of given) {
    const at = header.indexOf(":")
    const name = header.slice(0, Math.max(at, 0)).trim().toLowerCase()
    const value = header.slice(at + 1).trim()
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw new UsageError(`--header${name && ` ${name}`} is no "name: value"`)
    }
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`)
  }
  return headers.size === 0 ? undefined : Object.fromEntries(headers)
}

/** Milliseconds of the command line. */
function readTimeout(text: string | undefined): number {
  if (text === undefined) return 10_000
  const ms = Number(text)
  // A timer takes no more.
  if (/^\d+$/.test(text) && ms > 0 && ms < 2 ** 31) return ms
  throw new UsageError(`--timeout ${text} is no number of milliseconds`)
}

const SERIALIZERS: Readonly<Record<string, () => MessageSerializer | Promise<MessageSerializer>>> = {
  json,
  msgpack: async () => (await import("rookery/msgpack")).msgpack(),
  v1: jsonV1,
}

async function readSerializer(name: string, isLongPoll: boolean, io: Io): Promise<MessageSerializer> {
  const make = Object.hasOwn(SERIALIZERS, name) ? SERIALIZERS[name] : undefined
  if (make !== undefined) {
    const serializer = await make()
    if (!isLongPoll || serializer.longPoll) return serializer
    // As every socket does.
    say(io, `long-poll does not carry ${name}: JSON goes instead`)
    return json()
  }
  const meant = nearest(name, Object.keys(SERIALIZERS))
  const hint = meant === undefined ? "there are json, msgpack and v1" : `did you mean ${meant}?`
  throw new UsageError(`there is no serializer "${name}"; ${hint}`)
}

async function readAuthToken(given: string | undefined, io: Io): Promise<string | undefined> {
  if (given !== "-") return given ?? (io.env["ROOKERY_AUTH_TOKEN"] || undefined)
  const token = (await readAll(io)).trim()
  if (token === "") throw new UsageError("--auth-token -: there is no token on standard input")
  return token
}

function chooseTransport(isLongPoll: boolean, headers: Record<string, string> | undefined): Transport {
  if (!isLongPoll) return webSocket({ headers })
  if (headers === undefined) return longPoll()
  return longPoll({ fetch: quietFetch(headers) })
}

/** Reads the connection's options, and the URL. */
export async function readConnection(url: string, args: Arguments, io: Io): Promise<ConnectionSettings> {
  const { params, ...where } = readUrl(url)
  const join = parseJson(args.value("join") ?? "{}", "--join")
  if (typeof join !== "object" || join === null || Array.isArray(join)) {
    throw new UsageError("--join is no object of JSON")
  }
  const isLongPoll = args.flag("longpoll")
  const settings = {
    ...where,
    params: { ...params, ...readParams(args.values("param")) },
    join,
    timeout: readTimeout(args.value("timeout")),
    serializer: await readSerializer(args.value("serializer") ?? "json", isLongPoll, io),
    transport: chooseTransport(isLongPoll, readHeaders(args.values("header"))),
  }
  // Last: whoever mistyped another option must not have to type a token first.
  return { ...settings, authToken: await readAuthToken(args.value("auth-token"), io) }
}

/** A socket that is made of the settings, not connected yet. */
export function openSocket(settings: ConnectionSettings, options: SocketOptions = {}): Socket {
  const { url, params, authToken, serializer, transport, timeout } = settings
  return new Socket(url, { params, authToken, serializer, transport, timeout, ...options })
}
