import type { ChannelEnd } from "./channel-host.js"

/** The channel that each topic's messages go to. */
export class ChannelTable extends Map<string, ChannelEnd> {
  /** From now on the topic's messages come to this channel; another channel of the topic is left. */
  enter(channel: ChannelEnd): void {
    const other = this.get(channel.topic)
    if (other !== channel) other?.leave()
    this.set(channel.topic, channel)
  }

  /** The topic's messages go to nobody, unless another channel has entered. */
  exit(channel: ChannelEnd): void {
    if (this.get(channel.topic) === channel) this.delete(channel.topic)
  }
}
