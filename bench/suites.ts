import { growthByNodes } from "./cluster/growth-by-nodes.js"
import { growthByTopics } from "./cluster/growth-by-topics.js"
import { recovery } from "./cluster/recovery.js"
import { twoNodes } from "./cluster/two-nodes.js"
import { heap } from "./client/heap.js"
import { incoming } from "./client/incoming.js"
import { reply } from "./client/reply.js"
import { rooms } from "./client/rooms.js"
import { echo } from "./server/echo.js"
import { fanOut } from "./server/fan-out.js"
import { joins } from "./server/joins.js"
import { manyRooms } from "./server/many-rooms.js"
import { memory } from "./server/memory.js"
import type { Suite } from "./harness/scenario.js"
import { serializers } from "./serializer/serializers.js"

/** Everything that `npm run bench` can measure. */
export const suites: readonly Suite[] = [
  { name: "client", scenarios: [incoming, reply, rooms, heap] },
  { name: "server", scenarios: [fanOut, manyRooms, echo, joins, memory] },
  { name: "cluster", scenarios: [twoNodes, recovery, growthByNodes, growthByTopics] },
  { name: "serializer", scenarios: [serializers] },
]
