import type { PubSub } from "./pub-sub.js"
import type { RedisReply } from "./redis-client.js"
import type { Script } from "./scripts.js"

/** The calls that an installation makes to its node. */
export interface InstallationEvents {
  /** {@link Installation.healthy} may have changed. */
  changed(): void
  /** Commands are answered again, or for the first time: of all of it, or of a part. */
  up(): void
  /** These channels are listened to again, or have to be {@link Installation.add added} again: messages may be missing. */
  again(channels: Iterable<string>): void
  message(channel: string, message: Buffer): void
  failed(error: unknown): void
}

/** Redis, as nodes share it: one, or the shards of a Redis Cluster. */
export interface Installation {
  /** The kind of its pub/sub, which decides on the names of channels and keys. */
  readonly pubSub: PubSub
  /** Whether any of it answers. */
  readonly up: boolean
  /** Whether all of it answers and is listened to. */
  readonly healthy: boolean
  /** Resolves once it is healthy. Rejects if that takes too long, and goes on trying. */
  open(): Promise<void>
  close(): void
  /** Asks whether it still answers, and mends what does not. To be called now and then. */
  check(): Promise<void>
  /** Sends a command, by the key or the channel that follows its name. Texts in the answer come as bytes. */
  ask(command: string, key: string, ...args: (string | Buffer)[]): Promise<RedisReply>
  /** Runs a script on the keys of one topic. */
  run(script: Script, keys: readonly [string, ...string[]], ...args: (string | Buffer)[]): Promise<RedisReply>
  /** Listens to a channel; resolves once Redis has confirmed it. */
  add(channel: string): Promise<void>
  remove(channel: string): void
}

/** Makes one. Commands that take longer than `timeoutMs` fail. */
export type Reach = (timeoutMs: number, events: InstallationEvents) => Installation
