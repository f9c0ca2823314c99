import { json, Socket, webSocket, type MessageSerializer } from "rookery"
import { msgpack } from "rookery/msgpack"
import { SOCKET_PATH, type ChatTopics } from "../topics.js"
import { counting, type Traffic } from "./byte-counter.js"

/** The serializers that the page offers. */
export type SerializerName = "json" | "msgpack"

const SERIALIZERS: Record<SerializerName, () => MessageSerializer> = { json: () => json(), msgpack: () => msgpack() }

/** Whether a text names a serializer. */
export const isSerializerName = (word: string | null): word is SerializerName =>
  word !== null && Object.hasOwn(SERIALIZERS, word)

/** The socket to the server that the page came from; the cookie says whose it is. */
export function openSocket(serializer: SerializerName, traffic: Traffic, counted: () => void): Socket<ChatTopics> {
  return new Socket<ChatTopics>(SOCKET_PATH, {
    serializer: SERIALIZERS[serializer](),
    transport: counting(webSocket(), traffic, counted),
  })
}
