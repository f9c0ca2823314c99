import type { BenchMessage } from "./messages.js"

/** A frame, as a serializer encodes it. */
export type BenchFrame = string | Uint8Array | ArrayBuffer

/** One end of a serializer. */
export interface BenchCodec {
  encode(message: BenchMessage): BenchFrame
  decode(frame: BenchFrame): BenchMessage
}

/** Both ends; phoenix.js has no server's. */
export interface BenchSerializer {
  readonly client: BenchCodec
  readonly server?: BenchCodec
}

interface PhoenixSerializer {
  encode<T>(message: BenchMessage, callback: (frame: BenchFrame) => T): T
  decode<T>(frame: BenchFrame, callback: (message: BenchMessage) => T): T
}

/** The serializers that are compared. */
export const SERIALIZERS: readonly string[] = ["json()", "msgpack()", "phoenix.js"]

const load = (name: string): Promise<unknown> => import(new URL(`${name}.js`, import.meta.url).href)

/** A serializer by its name in {@link SERIALIZERS}. */
export async function serializer(name: string): Promise<BenchSerializer> {
  if (name === "json()") return ((await load("rookery")) as { json(): BenchSerializer }).json()
  if (name === "msgpack()") return ((await load("rookery-msgpack")) as { msgpack(): BenchSerializer }).msgpack()
  const { Serializer } = (await load("phoenix")) as { Serializer: PhoenixSerializer }
  // The serializer of phoenix.js takes callbacks; its socket calls it in this way.
  return {
    client: {
      encode: (message) => Serializer.encode(message, (frame) => frame),
      decode: (frame) => Serializer.decode(frame, (message) => message),
    },
  }
}
