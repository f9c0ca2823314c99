import type { Message } from "../protocol/message.js"
import type { DownReason } from "./connection-status.js"

/** A channel as its socket knows it, whatever its types. @internal */
export interface HostedChannel {
  readonly topic: string
  receive(message: Message): void
  onConnOpen(): void
  onConnDown(reason: DownReason): void
  leave(): unknown
  destroy(): void
}

/** The channel that the messages of each topic go to. */
export class ChannelTable extends Map<string, HostedChannel> {
  /** Routes the messages of the topic to this channel; another channel of the topic is left. */
  enter(channel: HostedChannel): void {
    const other = this.get(channel.topic)
    if (other === channel) return
    // Replaced before the other is left, because its `phx_close` handler may rejoin the topic. Deleted first, so that
    // the newest channel comes last.
    this.delete(channel.topic)
    this.set(channel.topic, channel)
    other?.leave()
  }

  /** Routes no more messages to this channel; does nothing if another channel has entered its topic. */
  remove(channel: { readonly topic: string }): void {
    if (this.get(channel.topic) === channel) this.delete(channel.topic)
  }
}
