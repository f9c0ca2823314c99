import { inspect } from "node:util"
import { readEnvelope } from "../../lib/redis/envelope.js"
import { readSnapshot } from "../../lib/redis/topic.js"
import { Connection } from "../../lib/client/connection.js"
import { SerializerError } from "../../lib/protocol/errors.js"
import type { Message } from "../../lib/protocol/message.js"
import { DEFAULT_LIMITS } from "../../lib/protocol/limits.js"
import { decodeQuery } from "../../lib/protocol/query.js"
import { readSubprotocols } from "../../lib/protocol/auth-token.js"
import { readBase64 } from "../../lib/protocol/read-base64.js"
import { readPayload } from "../../lib/rpc/wire.js"
import { payloadOf, readClusterFrame } from "../../lib/server/pubsub/cluster-frame.js"
import type { SocketLimits } from "../../lib/server/api/socket-limits.js"
import { GatewayClient } from "../../lib/server/gateway/gateway-client.js"
import { frameOf } from "../../lib/server/gateway/gateway-frame.js"
import { HeldBytes } from "../../lib/server/limits/held-bytes.js"
import type { ServerLink } from "../../lib/server/api/server-link.js"
import { takeRecoverRequest } from "../../lib/server/process/recover-request.js"
import type { SocketSetup } from "../../lib/server/admission/socket-setup.js"
import { Turns } from "../../lib/server/limits/turns.js"
import { ProtocolViolation, WebSocketReceiver } from "../../lib/runtime/node/websocket/receiver.js"
import type { Codec } from "../../lib/serializer/serializer.js"
import type { LinkEvents, Transport } from "../../lib/transport/transport.js"
import { SERIALIZERS } from "../support/serializers.js"
import type { Input } from "./inputs.js"
import { nodeRuntime } from "../../lib/runtime/node/platform/node-runtime.js"

/** The result of an input. Any other error is thrown. */
export type Outcome = "a message" | "refused"

/** A function that reads input from strangers. */
export interface Decoder {
  readonly name: string
  read(input: Input): Outcome
}

/** An input got something into the process that no decoder may let in. */
export class GotIn extends Error {}

const PLAIN: ReadonlySet<unknown> = new Set([
  null,
  ...[Object, Array, Uint8Array, Buffer, ArrayBuffer, Date].map(({ prototype }) => prototype as unknown),
])

/** The properties of a list beside its elements, as text. */
const besideElements = (list: readonly unknown[]): string =>
  inspect(list, { maxArrayLength: 0, showHidden: true, depth: 0 })

/**
 * The own keys of an object. V8 takes most of a second for those of a list of a million, each a string. For a long list
 * without other properties they are therefore the indexes.
 */
function* keysOf(value: object): Iterable<PropertyKey> {
  const isLongList = Array.isArray(value) && value.length > 1000
  if (isLongList && besideElements(value) === besideElements(Array.from({ length: value.length }))) {
    for (let index = 0; index < value.length; index++) yield index
  } else yield* Reflect.ownKeys(value)
}

/** Throws unless a value consists of the types of payloads, without functions, accessors and foreign prototypes. */
export function assertPlain(value: unknown): void {
  const pending = [value]
  while (pending.length > 0) {
    const next = pending.pop()
    if (typeof next === "function" || typeof next === "symbol") throw new GotIn(`a ${typeof next} got in`)
    if (typeof next !== "object" || next === null) continue
    const prototype: unknown = Object.getPrototypeOf(next)
    if (!PLAIN.has(prototype)) throw new GotIn(`a prototype got in: ${String((next as object).constructor?.name)}`)
    if (ArrayBuffer.isView(next)) continue
    for (const key of keysOf(next)) {
      const own = Object.getOwnPropertyDescriptor(next, key)
      if (own?.get !== undefined || own?.set !== undefined) throw new GotIn(`an accessor got in: ${String(key)}`)
      if (!Array.isArray(next) || key !== "length") pending.push(own?.value)
    }
  }
}

function assertMessage(message: Message): void {
  const parts = Object.keys(message).toSorted().join()
  if (!/^event,join_ref,(offset,)?payload,ref,topic$/.test(parts)) throw new GotIn(`a message with the parts ${parts}`)
  const { offset } = message
  if (offset !== undefined && typeof offset !== "number") throw new GotIn(`an offset that is a ${typeof offset}`)
  assertPlain(message)
}

function refuses(act: () => unknown, error: abstract new (...args: never[]) => Error = SerializerError): Outcome {
  try {
    act()
    return "a message"
  } catch (thrown) {
    if (thrown instanceof error) return "refused"
    throw thrown
  }
}

const ofCodec = (name: string, codec: Codec, answer: Codec | undefined): Decoder => ({
  name,
  read: (input) =>
    refuses(() => {
      const message = codec.decode(input)
      assertMessage(message)
      // RPC and recovery read these parts of the payload.
      readPayload(message.payload)
      takeRecoverRequest(message.payload)
      // An endpoint may send the payload back, which must not fail in any other way.
      if (answer !== undefined) refuses(() => answer.encode(message))
    }),
})

const asText = (input: Input): string => (typeof input === "string" ? input : Buffer.from(input).toString("latin1"))
const asBuffer = (input: Input): Buffer => Buffer.from(input as string)

function receive(input: Input): void {
  const bytes = asBuffer(input)
  const tell = { message: assertPlain, ping: assertPlain, closed: assertPlain }
  const receiver = new WebSocketReceiver({ frameBytes: 1000, messageBytes: 2000 }, tell)
  // The bytes as the payload of a frame, and as they are, both in two pieces.
  const masked = Buffer.concat([
    Buffer.from([0x80 | (bytes.length % 16), 0x80 | (bytes.length % 126), 0, 0, 0, 0]),
    bytes,
  ])
  for (const all of [masked, bytes]) {
    const cut = bytes.length % 7
    receiver.push(all.subarray(0, cut))
    receiver.push(all.subarray(cut))
  }
}

const told = (errors: unknown[], messages: unknown[]): Outcome => {
  for (const error of errors) if (!(error instanceof SerializerError)) throw error
  assertPlain(messages)
  return errors.length > 0 ? "refused" : "a message"
}

const UNLIMITED = { ...DEFAULT_LIMITS, pushesPerSecond: Infinity, messageWeight: Infinity } as SocketLimits

function gatewayReads(input: Input): Outcome {
  const errors: unknown[] = []
  const messages: unknown[] = []
  const link = { transport: "memory", address: undefined, send() {}, close() {} } as unknown as ServerLink
  const host = {
    path: "/ws",
    handlers: { json: true, onMessage: (data: unknown) => void messages.push(data) },
    date: () => 0,
    limitHit() {},
    failed: (error: unknown) => void errors.push(error),
    received() {},
    sent() {},
    held: new HeldBytes(Infinity, nodeRuntime),
    turns: new Turns(nodeRuntime),
    left() {},
  }
  const client = new GatewayClient(host, link, { id: null, assigns: {}, limits: UNLIMITED } as SocketSetup)
  client.receive(input)
  // The endpoint sends received messages on to other clients.
  for (const message of messages) refuses(() => frameOf(message))
  return told(errors, messages)
}

function connectionReads(input: Input): Outcome {
  const errors: unknown[] = []
  const messages: unknown[] = []
  const transport: Transport = {
    name: "hands",
    open(_url, _options, events) {
      line = events
      return { send() {}, close() {}, bufferedAmount: 0 }
    },
  }
  let line: LinkEvents | undefined
  const connection = new Connection("ws://example.test", { transport, json: true, pageEvents: false })
  connection.on("error", (error) => void errors.push(error))
  connection.on("message", (data) => void messages.push(data))
  void connection.connect()
  line?.open()
  line?.frame(input)
  connection.destroy()
  return told(errors, messages)
}

function snapshotReads(input: Input): Outcome {
  const errors: unknown[] = []
  // The parts of the text are fields and values in turn.
  const fields = asText(input)
    .split("\0")
    .map((part) => Buffer.from(part))
  const { version, records } = readSnapshot(fields, "own", (error) => errors.push(error))
  if (!Number.isSafeInteger(version)) throw new GotIn(`a version that is ${version}`)
  for (const { ref, meta } of records) if (meta["phx_ref"] !== ref) throw new GotIn("a presence without its ref")
  return told(errors, records)
}

/** Every decoder of both ends, and the readers around them. */
export const DECODERS: readonly Decoder[] = [
  ...Object.entries(SERIALIZERS).flatMap(([name, { client, server }]) => [
    ofCodec(`${name}, the client`, client, undefined),
    ofCodec(`${name}, the server`, server, server),
  ]),
  {
    name: "frames between nodes",
    read: (input) =>
      refuses(() => {
        const travelled = readClusterFrame(asBuffer(input))
        assertPlain([travelled.event, travelled.sender])
        assertPlain(payloadOf(travelled))
      }),
  },
  { name: "envelopes of a cluster", read: (input) => refuses(() => assertPlain(readEnvelope(asBuffer(input)))) },
  { name: "presences in Redis", read: snapshotReads },
  { name: "frames of a gateway", read: gatewayReads },
  { name: "frames of a Connection", read: connectionReads },
  { name: "frames of a websocket", read: (input) => refuses(() => receive(input), ProtocolViolation) },
  {
    name: "queries of a URL",
    read: (input) => refuses(() => assertPlain(decodeQuery(asText(input))), URIError),
  },
  {
    name: "subprotocols and tokens",
    read(input) {
      const read = readSubprotocols(asText(input))
      const bytes = readBase64(asText(input))
      return typeof read === "string" && bytes === undefined ? "refused" : "a message"
    },
  },
]

const PROTOTYPES = [
  Object,
  Array,
  Function,
  String,
  Number,
  Boolean,
  Date,
  Error,
  Map,
  Set,
  Promise,
  Uint8Array,
  ArrayBuffer,
]

/** The properties of the prototypes, to check later that no input has changed them. */
export const prototypes = (): unknown =>
  PROTOTYPES.map(({ prototype }) => Object.entries(Object.getOwnPropertyDescriptors(prototype as object)))
