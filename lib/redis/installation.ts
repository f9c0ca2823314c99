import type { PubSub } from "./pub-sub.js"
import type { RedisReply } from "./redis-client.js"
import type { Script } from "./scripts.js"

/** The calls that an installation makes to its node. */
export interface InstallationEvents {
  /** {@link Installation.healthy} may have changed. */
  changed(): void
  /** Redis, or a part of it, answers commands again or for the first time. */
  up(): void
  /**
   * These channels are subscribed again, or have to be {@link Installation.add added} again: messages may be missing.
   */
  again(channels: Iterable<string>): void
  message(channel: string, message: Buffer): void
  failed(error: unknown): void
}

/** The Redis that nodes share: a single one, or the shards of a Redis Cluster. */
export interface Installation {
  /** The kind of pub/sub, which determines the names of channels and keys. */
  readonly pubSub: PubSub
  /** Whether any part of the installation answers. */
  readonly up: boolean
  /** Whether all parts answer and are subscribed. */
  readonly healthy: boolean
  /** Resolves once the installation is healthy. Rejects if that takes too long, but keeps trying. */
  open(): Promise<void>
  close(): void
  /** Checks whether all parts still answer, and reconnects those that do not. Call it regularly. */
  check(): Promise<void>
  /** Sends a command, routed by the key or channel that follows its name. Strings in the reply are bytes. */
  ask(command: string, key: string, ...args: (string | Buffer)[]): Promise<RedisReply>
  /** Runs a script on the keys of one topic. */
  run(script: Script, keys: readonly [string, ...string[]], ...args: (string | Buffer)[]): Promise<RedisReply>
  /** Listens to a channel; resolves once Redis has confirmed it. */
  add(channel: string): Promise<void>
  remove(channel: string): void
}

/** Creates an installation. Commands that take longer than `timeoutMs` fail. */
export type Reach = (timeoutMs: number, events: InstallationEvents) => Installation
