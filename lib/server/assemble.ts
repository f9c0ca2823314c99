import type { Runtime } from "./api/runtime.js"
import type { Limits } from "../protocol/limits.js"
import { Broadcast } from "./pubsub/broadcast.js"
import { ClientTable } from "./process/client-table.js"
import { ClusterMember } from "./pubsub/cluster-member.js"
import { Expiries } from "./process/expiries.js"
import { HeldBytes } from "./limits/held-bytes.js"
import { MemoryCluster, MemoryHub } from "./pubsub/memory-cluster.js"
import type { EndpointOptions } from "./api/options.js"
import { PresenceTable } from "./pubsub/presence.js"
import { Publisher } from "./pubsub/publisher.js"
import { PubSub } from "./pubsub/pubsub.js"
import { PushDeduplication } from "./pubsub/push-deduplication.js"
import type { SocketServices, TransportServices } from "./process/services.js"
import { Telemetry } from "./telemetry/telemetry.js"
import { ChannelRoutes } from "./process/channel-routes.js"
import { Turns } from "./limits/turns.js"

/** Creates the parts of an endpoint and passes each part the others that it uses. */
export function assemble(
  runtime: Runtime,
  { logger = runtime.logger, cluster: given }: Pick<EndpointOptions, "logger" | "cluster">,
  limits: Pick<Limits, "heldBytes" | "heldRetryBytes" | "heldHistoryBytes">,
): { readonly member: ClusterMember; readonly services: SocketServices & TransportServices } {
  const { clock, sha256 } = runtime
  const { heldBytes, heldRetryBytes, heldHistoryBytes } = limits
  const alone = given === undefined
  const cluster = given ?? new MemoryCluster(new MemoryHub(clock, sha256))
  const telemetry = new Telemetry(logger === false ? undefined : logger)
  const clients = new ClientTable(telemetry)
  const routes = new ChannelRoutes()
  const turns = new Turns(runtime)
  const pubsub = new PubSub({
    cluster,
    alone,
    clock,
    telemetry,
    heldHistoryBytes,
    historyOf: (topic) => routes.history(topic),
    left: (topic) => presence.forget(topic),
  })
  const presence: PresenceTable = new PresenceTable({
    turns,
    atEndOfTurn: (callback) => runtime.atEndOfTurn(callback),
    publish: (topic, event, payload) => pubsub.publishHere(new Broadcast(topic, event, payload)),
    share: alone ? undefined : (topic, change) => cluster.changePresence(topic, change),
    failed: (error, topic) => telemetry.failed(error, "presence", topic),
  })
  const member = new ClusterMember({ cluster, pubsub, presence, clients, telemetry, clock })
  const publisher = new Publisher(pubsub, member, telemetry)
  const deduplication = new PushDeduplication({
    store: cluster,
    runtime,
    heldRetryBytes,
    failed: (error, where) => telemetry.failed(error, where),
  })
  const held = new HeldBytes(heldBytes, runtime)
  const expiries = new Expiries(clock)
  const services = {
    clients,
    deduplication,
    expiries,
    held,
    presence,
    publisher,
    pubsub,
    routes,
    runtime,
    telemetry,
    turns,
  }
  return { member, services }
}
