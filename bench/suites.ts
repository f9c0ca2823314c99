import { heap } from "./client/heap.js"
import { incoming } from "./client/incoming.js"
import { reply } from "./client/reply.js"
import { rooms } from "./client/rooms.js"
import type { Suite } from "./harness/scenario.js"
import { serializers } from "./serializer/serializers.js"

/** Everything that `npm run bench` can measure. */
export const suites: readonly Suite[] = [
  { name: "client", scenarios: [incoming, reply, rooms, heap] },
  { name: "serializer", scenarios: [serializers] },
]
