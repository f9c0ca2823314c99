import { RookeryError } from "../protocol/errors.js"
import type { ChannelEnd } from "./channel-host.js"

/** The channel that each topic's messages go to. */
export class ChannelTable extends Map<string, ChannelEnd> {
  /** Whether the socket is no more. */
  destroyed?: true

  /** Throws once the socket is no more. */
  assertAlive(): void {
    if (this.destroyed) throw new RookeryError("destroyed", "the socket was destroyed")
  }

  /** From now on the topic's messages come to this channel; another channel of the topic is left. */
  enter(channel: ChannelEnd): void {
    const other = this.get(channel.topic)
    if (other === channel) return
    // Before the other's handlers are told, who may want the topic back. Deleted first: the newest comes last.
    this.delete(channel.topic)
    this.set(channel.topic, channel)
    other?.leave()
  }

  /** The topic's messages go to nobody, unless another channel has entered. */
  exit(channel: ChannelEnd): void {
    if (this.get(channel.topic) === channel) this.delete(channel.topic)
  }
}
