import { demand } from "./consumer.js"

/** A program that needs nothing but a socket. */
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

/** Words of what a socket needs no part of: presence, plain connections, MessagePack, and the library for it. */
const WORDS = [
  "presence_diff",
  "a callback of the connection threw",
  "text instead of MessagePack",
  "end of buffer not reached",
]

/** Throws unless the one bundle has all of it, and the other nothing. */
export function leavesOut(everything: string, onlyASocket: string): void {
  demand(onlyASocket.includes("phx_join"), "there is no socket in the bundle of a socket")
  for (const words of WORDS) {
    demand(everything.includes(words), `"${words}" is not in the bundle of everything`)
    demand(!onlyASocket.includes(words), `"${words}" is in the bundle of a socket`)
  }
}
