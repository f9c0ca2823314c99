import type { Clock } from "../../protocol/clock.js"
import { TimeoutError } from "../../protocol/errors.js"
import type {
  Cluster,
  ClusterBody,
  ClusterNode,
  MaybePromise,
  NumberedMessage,
  PresenceChange,
  PresenceRecord,
} from "../api/cluster.js"
import { Broadcast } from "./broadcast.js"
import type { PresenceTable } from "./presence.js"
import type { PubSub } from "./pubsub.js"
import { isPromise } from "../support/call-user-code.js"
import { randomId } from "../support/random-id.js"
import type { Telemetry } from "../telemetry/telemetry.js"

/** The clients of this node, with the operations that other nodes may ask for. */
export interface LocalClients {
  readonly sockets: { readonly size: number }
  /** Closes every client of an id. */
  disconnect(id: string): void
  /** Removes every socket of an id from a topic. */
  kick(topic: string, id: string): void
}

/** Options of a {@link ClusterMember}. */
export interface ClusterMemberOptions {
  readonly cluster: Cluster
  readonly pubsub: PubSub
  readonly presence: PresenceTable
  readonly clients: LocalClients
  readonly telemetry: Telemetry
  readonly clock: Clock
}

/** The messages between nodes other than broadcasts. */
type Command =
  | { kind: "disconnect"; id: string }
  | { kind: "kick"; topic: string; id: string }
  | { kind: "count"; from: string; topic: string | undefined }
  | { kind: "counted"; to: string; count: number }

/** The time that the other nodes have to answer a count. */
const COUNT_MS = 2000

/** An endpoint as a member of its cluster: handles the cluster's calls, and sends commands to the other nodes. */
export class ClusterMember implements ClusterNode {
  readonly #options: ClusterMemberOptions
  readonly #counts = new Map<string, (count: number) => void>()
  #healthy: boolean

  constructor(options: ClusterMemberOptions) {
    this.#options = options
    this.#healthy = options.pubsub.alone
  }

  /** Whether the other nodes can be reached. */
  get healthy(): boolean {
    return this.#healthy
  }

  start(): MaybePromise<void> {
    const started = this.#options.cluster.start(this)
    if (isPromise(started)) return started.then(() => this.health(true))
    this.#healthy = true
    return undefined
  }

  close(): MaybePromise<void> {
    return this.#options.cluster.close()
  }

  /** Closes the clients of an id, on every node. */
  disconnect(id: string): MaybePromise<void> {
    this.#options.clients.disconnect(id)
    return this.#options.pubsub.told(id, this.#tell({ kind: "disconnect", id }))
  }

  /** Removes the sockets of an id from a topic, on every node. */
  kick(topic: string, id: string): MaybePromise<void> {
    this.#options.clients.kick(topic, id)
    return this.#options.pubsub.told(topic, this.#tell({ kind: "kick", topic, id }))
  }

  /** Counts the channels of a topic, or all sockets, on all nodes. Rejects if a node does not answer. */
  async count(topic?: string): Promise<number> {
    const { cluster, clock } = this.#options
    const here = this.#countHere(topic)
    let missing = (await cluster.nodes()) - 1
    if (missing <= 0) return here
    const from = randomId()
    let total = here
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = clock.setTimeout(() => {
          reject(new TimeoutError("timeout", `${missing} nodes did not count within ${COUNT_MS} ms; ask again`))
        }, COUNT_MS)
        this.#counts.set(from, (count) => {
          total += count
          if (--missing > 0) return
          clock.clearTimeout(timer)
          resolve()
        })
        Promise.resolve(this.#tell({ kind: "count", from, topic })).catch(reject)
      })
    } finally {
      this.#counts.delete(from)
    }
    return total
  }

  /** Counts the living nodes, including this one. */
  nodes(): MaybePromise<number> {
    return this.#options.cluster.nodes()
  }

  deliver(topic: string, body: ClusterBody): void {
    this.#guarded(topic, () => this.#options.pubsub.publishHere(Broadcast.from(topic, body)))
  }

  deliverNumbered(topic: string, epoch: string, message: NumberedMessage): void {
    this.#guarded(topic, () => this.#options.pubsub.publishNumbered(topic, epoch, message))
  }

  lost(topic: string): void {
    this.#options.pubsub.lost(topic)
  }

  presence(topic: string, change: PresenceChange): void {
    this.#guarded(topic, () => this.#options.presence.change(topic, change))
  }

  presenceState(topic: string, records: readonly PresenceRecord[]): void {
    this.#guarded(topic, () => this.#options.presence.reset(topic, records))
  }

  command(body: Uint8Array): void {
    this.#guarded(undefined, () => this.#obey(JSON.parse(new TextDecoder().decode(body)) as Command))
  }

  health(healthy: boolean): void {
    if (this.#healthy === healthy) return
    this.#healthy = healthy
    const { telemetry } = this.#options
    telemetry.log(healthy ? "info" : "error", healthy ? "the cluster is back" : "the cluster is out of reach", {})
    telemetry.emit("clusterHealth", { healthy })
  }

  failed(error: unknown, where: string, topic?: string): void {
    this.#options.telemetry.failed(error, where, topic)
  }

  #countHere(topic: string | undefined): number {
    const { clients, pubsub } = this.#options
    return topic === undefined ? clients.sockets.size : pubsub.count(topic)
  }

  #obey(command: Command): void {
    const { clients } = this.#options
    if (command.kind === "disconnect") clients.disconnect(command.id)
    else if (command.kind === "kick") clients.kick(command.topic, command.id)
    else if (command.kind === "counted") this.#counts.get(command.to)?.(Math.max(0, Math.trunc(command.count) || 0))
    else if (command.kind === "count") {
      const count = this.#countHere(command.topic)
      const told = this.#tell({ kind: "counted", to: command.from, count })
      if (isPromise(told)) told.then(undefined, (error: unknown) => this.failed(error, "count"))
    }
  }

  #tell(command: Command): MaybePromise<void> {
    const { cluster, pubsub } = this.#options
    return pubsub.alone ? undefined : cluster.command(new TextEncoder().encode(JSON.stringify(command)))
  }

  #guarded(topic: string | undefined, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.failed(error, "cluster", topic)
    }
  }
}
