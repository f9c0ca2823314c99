import type { Attack } from "./arena.js"
import { arrivals } from "./arrivals.js"
import { chat } from "./chat.js"
import { clustered } from "./clustered.js"
import { connections } from "./connections.js"
import { edge } from "./edge.js"
import { frames } from "./frames.js"
import { interrupted } from "./interrupted.js"
import { keeping } from "./keeping.js"
import { onceOnly } from "./retries.js"
import { requests } from "./requests.js"
import { rooms } from "./rooms.js"
import { slow } from "./slow.js"
import { turns } from "./turns.js"
import { weight } from "./weight.js"

/** All attacks. */
export const ATTACKS: readonly Attack[] = [
  ...arrivals,
  ...slow,
  ...frames,
  ...rooms,
  ...requests,
  ...weight,
  ...keeping,
  ...turns,
  ...connections,
  ...edge,
  ...onceOnly,
  ...interrupted,
  ...clustered,
  ...chat,
]
