import type { Scenario } from "../harness/scenario.js"
import { flatOut } from "./flat-out.js"
import { Remote } from "./remote.js"
import { Room } from "./room.js"
import { WITH_PARTS } from "./subjects.js"

const ROOMS = 200
const SOCKETS_A_ROOM = 10

export const manyRooms: Scenario = {
  name: "many-rooms",
  title: "Server: 2,000 sockets over 200 topics, one sender in each",
  subjects: WITH_PARTS,
  caseTitle: "senders",
  cases: ["1 in flight each"],
  metrics: { "CPU a delivery": "ns", deliveries: "a second" },
  launches: 2,
  warmUp: 3,
  rounds: 9,

  async prepare(subject) {
    const remote = await Remote.start(subject)
    const rooms: Room[] = []
    for (let i = 0; i < ROOMS; i++) rooms.push(await Room.open([remote], subject, `room:${i}`, SOCKETS_A_ROOM))
    return () => flatOut(remote, rooms, 1)
  },
}
