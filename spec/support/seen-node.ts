import type { ClusterBody, ClusterNode, PresenceRecord } from "rookery/server"

export const text = (body: ClusterBody): string =>
  Buffer.from(body instanceof Uint8Array ? body : body.bytes()).toString()
export const message = (body: string): { bytes(): Uint8Array } => ({ bytes: () => Buffer.from(body) })

/** A node of a cluster that records every call. */
export class SeenNode implements ClusterNode {
  readonly delivered: string[] = []
  readonly numbered: string[] = []
  readonly lostTopics: string[] = []
  /** The presences of all topics, by their refs. */
  readonly here = new Map<string, PresenceRecord & { topic: string }>()
  readonly commands: string[] = []
  readonly healths: boolean[] = []
  readonly failures: unknown[] = []

  deliver(topic: string, body: ClusterBody): void {
    this.delivered.push(`${topic} ${text(body)}`)
  }
  deliverNumbered(topic: string, _epoch: string, { offset, body }: { offset: number; body: ClusterBody }): void {
    this.numbered.push(`${topic} ${offset} ${text(body)}`)
  }
  lost(topic: string): void {
    this.lostTopics.push(topic)
  }
  presence(topic: string, { joins, leaves }: { joins: readonly PresenceRecord[]; leaves: readonly string[] }): void {
    for (const ref of leaves) this.here.delete(ref)
    for (const record of joins) this.here.set(record.ref, { ...record, topic })
  }
  presenceState(topic: string, records: readonly PresenceRecord[]): void {
    for (const [ref, record] of this.here) if (record.topic === topic) this.here.delete(ref)
    this.presence(topic, { joins: records, leaves: [] })
  }
  command(body: Uint8Array): void {
    this.commands.push(Buffer.from(body).toString())
  }
  health(healthy: boolean): void {
    this.healths.push(healthy)
  }
  failed(error: unknown): void {
    this.failures.push(error)
  }

  get keys(): string[] {
    return [...this.here.values()].map(({ key }) => key).sort()
  }
}
