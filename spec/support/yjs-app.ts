import * as sync from "@y/protocols/sync.js"
import { createDecoder, readVarUint } from "lib0/decoding.js"
import { createEncoder, length, toUint8Array, writeVarUint } from "lib0/encoding.js"
import { Endpoint, type Channel } from "rookery/server"
import { Doc } from "yjs"

/** The first number of a message of y-phoenix-channel about the document. Other numbers are about presence. */
const SYNC = 0

/** An endpoint that keeps a document of Yjs for each topic. */
export interface YjsApp {
  readonly endpoint: Endpoint
  readonly url: string
}

/** Starts one that behaves as a channel with a shared document of `y_ex`. */
export async function startYjsApp(): Promise<YjsApp> {
  const docs = new Map<string, Doc>()
  const docOf = (topic: string): Doc => {
    const doc = docs.get(topic) ?? new Doc()
    docs.set(topic, doc)
    return doc
  }

  /** Handles a message about the document, and sends the answer that it asks for. */
  function read(bytes: Uint8Array, room: Channel): void {
    const decoder = createDecoder(bytes)
    if (readVarUint(decoder) !== SYNC) return
    const answer = createEncoder()
    writeVarUint(answer, SYNC)
    sync.readSyncMessage(decoder, answer, docOf(room.topic), room)
    if (length(answer) > 1) room.push("yjs", toUint8Array(answer))
  }

  const endpoint = new Endpoint({ logger: false, connect: () => ({ id: "editors", assigns: {} }) })
  endpoint.channel("doc:*", {
    receive: {
      yjs_sync(bytes: Uint8Array, room) {
        read(bytes, room)
        const ask = createEncoder()
        writeVarUint(ask, SYNC)
        sync.writeSyncStep1(ask, docOf(room.topic))
        room.push("yjs", toUint8Array(ask))
        return room.noReply
      },
      yjs(bytes: Uint8Array, room) {
        read(bytes, room)
        room.broadcastFrom("yjs", bytes)
        return room.noReply
      },
    },
  })
  const { port } = await endpoint.listen({ port: 0, host: "127.0.0.1" })
  return { endpoint, url: `ws://127.0.0.1:${port}/socket` }
}
