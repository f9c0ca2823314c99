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
import type { OptionSpecs } from "./argument-spec.js"
import { Inputs } from "./inputs.js"
import { say, type Io } from "./io.js"
import { nearest } from "./nearest.js"
import { quietFetch } from "./quiet-fetch.js"
import { UsageError } from "./usage-error.js"
import { withoutSecrets } from "./without-secrets.js"

const SERIALIZERS: Readonly<Record<string, () => MessageSerializer | Promise<MessageSerializer>>> = {
  json,
  msgpack: async () => (await import("rookery/msgpack")).msgpack(),
  v1: jsonV1,
}

/** The options of the connection of `tail` and `push`. */
export const CONNECTION_OPTIONS: OptionSpecs = {
  param: {
    value: "name=value",
    multiple: true,
    help: "a param of the connection; a secret as name=@file or name=@-",
    completes: "@file",
  },
  join: { value: "json", help: "the params of the join, an object; or @file, @- [{}]", completes: "@file" },
  "auth-token": {
    value: "@file",
    help: "the authToken, from a file; @- or - is standard input [$ROOKERY_AUTH_TOKEN]",
    completes: "@file",
  },
  serializer: { value: "name", help: "json, msgpack or v1 [json]", completes: Object.keys(SERIALIZERS) },
  longpoll: { help: "long-poll instead of a websocket" },
  header: {
    value: "name: value",
    multiple: true,
    help: 'a header of the connection; a secret as "name: @file"',
    completes: "@file",
  },
  timeout: { value: "ms", help: "how long to wait for the connection, and for each reply [10000]" },
}

/** The options, read and checked. */
export interface ConnectionSettings {
  /** Where the socket is mounted, without `/websocket`. */
  readonly url: string
  /** The URL for display: without query and password. */
  readonly shownUrl: string
  readonly params: Readonly<Record<string, string>>
  readonly join: object
  readonly authToken: string | undefined
  readonly serializer: MessageSerializer
  readonly transport: Transport
  readonly timeout: number
}

function readUrl(text: string): { url: string; shownUrl: string; params: Record<string, string> } {
  if (!/^(?:wss?|https?):\/\//i.test(text)) {
    throw new UsageError(`the URL must begin with ws://, wss://, http:// or https://: ${withoutSecrets(text)}`)
  }
  if (!URL.canParse(text)) throw new UsageError(`this is not a URL: ${withoutSecrets(text)}`)
  const url = new URL(text)
  const params = Object.fromEntries(url.searchParams)
  // A URL copied from a browser's network tab has one; the serializer adds its own.
  delete params["vsn"]
  url.search = url.hash = ""
  url.pathname = url.pathname.replace(/\/+$/, "").replace(/\/(?:websocket|longpoll)$/, "")
  const shown = new URL(url)
  shown.username = shown.password = ""
  const bare = (url: URL): string => url.href.replace(/\/$/, "")
  return { url: bare(url), shownUrl: bare(shown), params }
}

/** A value that is read after all arguments were checked. */
type Reader = () => Promise<string>

const readRecord = async (readers: ReadonlyMap<string, Reader>): Promise<Record<string, string>> => {
  const values: [name: string, value: string][] = []
  for (const [name, read] of readers) values.push([name, await read()])
  return Object.fromEntries(values)
}

async function openParams(given: readonly string[], inputs: Inputs): Promise<ReadonlyMap<string, Reader>> {
  const params = new Map<string, Reader>()
  for (const param of given) {
    const at = param.indexOf("=")
    if (at < 1) throw new UsageError("a --param is not name=value: it has no = after a name")
    const name = param.slice(0, at)
    if (params.has(name)) throw new UsageError(`--param ${name} is given twice`)
    params.set(name, await inputs.open(param.slice(at + 1), `--param ${name}`))
  }
  return params
}

function checkHeader(name: string, value: string): void {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  } catch {
    throw new UsageError(`--header${name && ` ${name}`} is not "name: value"`)
  }
}

/** Headers given twice are joined as HTTP joins them. */
const joined = (name: string, before: Reader | undefined, read: Reader): Reader =>
  before === undefined ? read : async () => `${await before()}${name === "cookie" ? "; " : ", "}${await read()}`

async function openHeaders(given: readonly string[], inputs: Inputs): Promise<ReadonlyMap<string, Reader>> {
  const headers = new Map<string, Reader>()
  for (const header of given) {
    const at = header.indexOf(":")
    const name = header.slice(0, Math.max(at, 0)).trim().toLowerCase()
    const value = header.slice(at + 1).trim()
    checkHeader(name, value)
    const read = await inputs.open(value, `--header ${name}`)
    headers.set(name, joined(name, headers.get(name), read))
  }
  return headers
}

async function readHeaders(readers: ReadonlyMap<string, Reader>): Promise<Record<string, string> | undefined> {
  if (readers.size === 0) return undefined
  const headers = await readRecord(readers)
  // A file may have several lines, but a header has one.
  for (const [name, value] of Object.entries(headers)) checkHeader(name, value)
  return headers
}

/** The headers of the option `header`. */
export async function readHeaderOption(
  given: readonly string[],
  inputs: Inputs,
): Promise<Record<string, string> | undefined> {
  return readHeaders(await openHeaders(given, inputs))
}

/** Milliseconds of the command line. */
function readTimeout(text: string | undefined): number {
  if (text === undefined) return 10_000
  const ms = Number(text)
  // The longest time of a timer.
  if (/^\d+$/.test(text) && ms > 0 && ms < 2 ** 31) return ms
  throw new UsageError(`--timeout ${text} is not a number of milliseconds`)
}

async function readSerializer(name: string, isLongPoll: boolean, io: Io): Promise<MessageSerializer> {
  const make = Object.hasOwn(SERIALIZERS, name) ? SERIALIZERS[name] : undefined
  if (make !== undefined) {
    const serializer = await make()
    if (!isLongPoll || serializer.longPoll) return serializer
    // As every socket does.
    say(io, `long-poll does not carry ${name}: using JSON instead`)
    return json()
  }
  const meant = nearest(name, Object.keys(SERIALIZERS))
  const hint = meant === undefined ? "there are json, msgpack and v1" : `did you mean ${meant}?`
  throw new UsageError(`there is no serializer "${name}"; ${hint}`)
}

async function openAuthToken(given: string | undefined, inputs: Inputs, io: Io): Promise<Reader | undefined> {
  const what = "--auth-token"
  if (given === "-") return inputs.openStdin(what)
  if (given !== undefined) return inputs.open(given, what)
  const token = io.env["ROOKERY_AUTH_TOKEN"]
  return token ? async () => token : undefined
}

function chooseTransport(isLongPoll: boolean, headers: Record<string, string> | undefined): Transport {
  if (!isLongPoll) return webSocket({ headers })
  if (headers === undefined) return longPoll()
  return longPoll({ fetch: quietFetch(headers) })
}

/**
 * Reads the URL and the options of the connection.
 *
 * @param inputs those of the whole command, because only one argument can use standard input
 */
export async function readConnection(
  url: string,
  args: Arguments,
  io: Io,
  inputs: Inputs = new Inputs(io),
): Promise<ConnectionSettings> {
  const { params: inUrl, ...where } = readUrl(url)
  const isLongPoll = args.flag("longpoll")
  const timeout = readTimeout(args.value("timeout"))
  const readJoin = await inputs.openJson(args.value("join") ?? "{}", "--join")
  const params = await openParams(args.values("param"), inputs)
  const headers = await openHeaders(args.values("header"), inputs)
  const authToken = await openAuthToken(args.value("auth-token"), inputs, io)
  const serializer = await readSerializer(args.value("serializer") ?? "json", isLongPoll, io)
  // Checks that need no value come first, so that a person does not type a token only to learn of a mistyped option.
  const join = await readJoin()
  if (typeof join !== "object" || join === null || Array.isArray(join)) {
    throw new UsageError("--join is not a JSON object")
  }
  return {
    ...where,
    params: { ...inUrl, ...(await readRecord(params)) },
    join,
    timeout,
    serializer,
    transport: chooseTransport(isLongPoll, await readHeaders(headers)),
    authToken: (await authToken?.())?.trim(),
  }
}

/** Creates a socket from the settings, without connecting it. */
export function openSocket(settings: ConnectionSettings, options: SocketOptions = {}): Socket {
  const { url, params, authToken, serializer, transport, timeout } = settings
  return new Socket(url, { params, authToken, serializer, transport, timeout, ...options })
}
