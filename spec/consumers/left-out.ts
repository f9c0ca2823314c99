import { demand } from "./consumer.js"

/** A program that only needs a socket. */
export const ONLY_A_SOCKET = `
import { Socket } from "rookery"
console.log(new Socket("/socket").endPointURL())
`

/** A program that uses everything that a page can. */
export const EVERYTHING = `
import * as rookery from "rookery"
import * as msgpack from "rookery/msgpack"
console.log(rookery, msgpack)
`

/** Words of the parts that a socket does not need: presence, plain connections, MessagePack, and its library. */
const WORDS = [
  "presence_diff",
  "a callback of the connection threw",
  "text instead of MessagePack",
  "end of buffer not reached",
]

/** Throws unless the first bundle has all of these parts, and the second none. */
export function leavesOut(everything: string, onlyASocket: string): void {
  demand(onlyASocket.includes("phx_join"), "there is no socket in the bundle of a socket")
  for (const words of WORDS) {
    demand(everything.includes(words), `"${words}" is not in the bundle of everything`)
    demand(!onlyASocket.includes(words), `"${words}" is in the bundle of a socket`)
  }
}
