import type { Runtime } from "../api/runtime.js"
import type { ClientTable } from "./client-table.js"
import type { Expiries } from "./expiries.js"
import type { HeldBytes } from "../limits/held-bytes.js"
import type { PresenceTable } from "../pubsub/presence.js"
import type { Publisher } from "../pubsub/publisher.js"
import type { PubSub } from "../pubsub/pubsub.js"
import type { PushDeduplication } from "../pubsub/push-deduplication.js"
import type { Telemetry } from "../telemetry/telemetry.js"
import type { ChannelRoutes } from "./channel-routes.js"
import type { Turns } from "../limits/turns.js"

/** The parts of an endpoint that a transport uses. */
export interface TransportServices {
  readonly telemetry: Telemetry
  readonly turns: Turns
  readonly held: HeldBytes
  readonly runtime: Runtime
}

/** The parts of an endpoint that a channel, its join and its pushes use. */
export interface ChannelServices {
  readonly runtime: Runtime
  readonly telemetry: Telemetry
  readonly turns: Turns
  readonly pubsub: PubSub
  readonly publisher: Publisher
  readonly presence: PresenceTable
  readonly deduplication: PushDeduplication
}

/** The parts of an endpoint that a socket uses. */
export interface SocketServices extends ChannelServices {
  readonly held: HeldBytes
  readonly clients: ClientTable
  readonly expiries: Expiries
  readonly routes: ChannelRoutes
}
