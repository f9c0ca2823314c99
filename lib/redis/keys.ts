/** The names of all keys and channels in one Redis. Nodes of earlier versions use the same names. */
export class Keys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The beginning of the names of a topic's keys. */
  protected of(topic: string): string {
    return `${this.#prefix}:{${topic}}`
  }

  /** The pub/sub channel of a topic. */
  channel(topic: string): string {
    return `${this.#prefix}:t:${topic}`
  }

  /** The topic of a pub/sub channel. */
  topicOf(channel: string): string {
    return channel.slice(this.#prefix.length + ":t:".length)
  }

  /** A hash: the epoch `e` and the newest offset `o` of a topic. */
  numbering(topic: string): string {
    return `${this.of(topic)}:n`
  }

  /** A stream: the messages of a topic, by `<offset>-<milliseconds since 1970>`. */
  stream(topic: string): string {
    return `${this.of(topic)}:s`
  }

  /** The epoch and the offset of a message that is appended once. */
  once(topic: string, name: string): string {
    return `${this.of(topic)}:o:${name}`
  }

  /** A hash: the presences of a topic, by `<node>:<ref>`, and its version under `v`. */
  presences(topic: string): string {
    return `${this.of(topic)}:p`
  }

  /** The outcome of a push, or the node that handles it. */
  claim(key: string): string {
    return `${this.#prefix}:c:${key}`
  }

  /** A sorted set: the nodes, by the time of their last sign of life. */
  get nodes(): string {
    return `${this.#prefix}:nodes`
  }

  /** A set: the topics that a node has presences in. */
  nodeTopics(node: string): string {
    return `${this.#prefix}:node:${node}`
  }

  /** The pub/sub channel of all nodes. */
  get commands(): string {
    return `${this.#prefix}:commands`
  }
}

/**
 * The names in a Redis Cluster, where the part in braces determines the shard. A topic's channel must be on the shard
 * of its keys, because one script writes and publishes. The colon is for topics that begin with a closing brace: Redis
 * ignores empty braces.
 */
export class ShardKeys extends Keys {
  protected override of(topic: string): string {
    return super.of(`:${topic}`)
  }

  override channel(topic: string): string {
    return `${this.of(topic)}:t`
  }

  override topicOf(channel: string): string {
    return channel.slice(this.of("").length - 1, -"}:t".length)
  }
}
