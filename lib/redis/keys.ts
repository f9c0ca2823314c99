/**
 * The names of all keys in Redis. Keys of one topic have the topic's name in braces, so that a Redis Cluster keeps it in one
 * place and a script may touch all of it.
 */
export class Keys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
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
    return `${this.#prefix}:{${topic}}:n`
  }

  /** A stream: the messages of a topic, by `<offset>-<milliseconds since 1970>`. */
  stream(topic: string): string {
    return `${this.#prefix}:{${topic}}:s`
  }

  /** The epoch and the offset of a message that is appended once. */
  once(topic: string, name: string): string {
    return `${this.#prefix}:{${topic}}:o:${name}`
  }

  /** A hash: the presences of a topic, by `<node>:<ref>`, and its version under `v`. */
  presences(topic: string): string {
    return `${this.#prefix}:{${topic}}:p`
  }

  /** The outcome of a push, or the node that handles it. */
  claim(key: string): string {
    return `${this.#prefix}:c:${key}`
  }

  /** A sorted set: the nodes, by when they were last heard of. */
  get nodes(): string {
    return `${this.#prefix}:nodes`
  }

  /** A set: the topics that a node has presences in. */
  nodeTopics(node: string): string {
    return `${this.#prefix}:node:${node}`
  }

  /** The pub/sub channel that all nodes hear. */
  get commands(): string {
    return `${this.#prefix}:commands`
  }
}
