import { afterEach, expect, it } from "vitest"
import { Socket } from "rookery"
import { Endpoint, Refused } from "rookery/server"
import { inProcess } from "rookery/testing"
import { People } from "../../../lib/chat/page/people.js"
import { Room } from "../../../lib/chat/page/room.js"
import type { ChatTopics } from "../../../lib/chat/topics.js"
import { FakeClock } from "../../support/fake-clock.js"
import { userOf } from "./messages.js"

const endpoint = new Endpoint({ logger: false })
const socket = new Socket<ChatTopics>("ws://chat/socket", { transport: inProcess(endpoint) })
const errors: unknown[] = []
socket.onError((error) => void errors.push(error))
socket.connect()
afterEach(() => socket.destroy())

const roomOf = (name: string): Room =>
  new Room(name, {
    user: userOf("ada"),
    people: new People(),
    clock: new FakeClock(),
    isSeen: () => true,
    lastSeen: () => undefined,
    mentioned: () => {},
    roomChanged: () => {},
  })

it("says why the server refused a room: its error, its reason, or that it refused it", async () => {
  const refusals: Record<string, object> = {
    "room:closed": { error: "the room is closed", code: 403 },
    "room:many": { reason: "too many channels joined" },
    "room:odd": {},
  }
  endpoint.channel("room:*", {
    join: ({ topic }) => {
      throw new Refused(refusals[topic] as object)
    },
  })
  const rooms = ["closed", "many", "odd"].map(roomOf)
  for (const room of rooms) await room.attach(socket)
  expect(rooms.map(({ state, error }) => [state, error])).toEqual([
    ["refused", "The room is closed."],
    ["refused", "Too many channels joined."],
    ["refused", "The server refused it."],
  ])
  expect(errors).toEqual([])
})
