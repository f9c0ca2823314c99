import type { Attack } from "./arena.js"
import { arrivals } from "./arrivals.js"
import { frames } from "./frames.js"
import { requests } from "./requests.js"
import { rooms } from "./rooms.js"
import { slow } from "./slow.js"

/** Everything that is tried. */
export const ATTACKS: readonly Attack[] = [...arrivals, ...slow, ...frames, ...rooms, ...requests]
