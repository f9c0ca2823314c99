import type { Message, Ref } from "../../protocol/message.js"
import type { Broadcast } from "../pubsub/broadcast.js"
import type { ChannelQueue } from "./channel-queue.js"
import type { Receipt } from "../limits/kept-bytes.js"
import type { Sender } from "../pubsub/publisher.js"
import type { ServerSocket } from "../api/socket.js"
import type { SocketLimits } from "../api/socket-limits.js"

/** A channel, as the socket that it is on knows it. */
export interface HostedChannel {
  readonly topic: string
  /** The join_ref that the client sent with the join: the channel's end repeats it. */
  readonly sentJoinRef: Ref
  /** The channel of the same topic that this one's join put an end to. */
  readonly replaces: HostedChannel | undefined
  /** The messages that wait for the channel. */
  readonly queue: ChannelQueue
}

/** The socket of a channel: everything that a channel, its join and its pushes need of their client. */
export interface ChannelHost extends ServerSocket, Sender {
  readonly limits: SocketLimits
  /** Sends a message. Throws a `SerializerError` if it cannot be encoded. */
  send(message: Message): void
  reply(join_ref: Ref, ref: Ref, topic: string, status: string, response: unknown): void
  /** Passes on a broadcast, with its offset if it is to be told; `false` if it was left out for a slow client. */
  deliver(broadcast: Broadcast, numbered: boolean): boolean
  /** Counts a push whose handler is awaited. */
  keepPush(message: Message): Receipt
  /** Counts a broadcast that has to wait for `intercept`; `undefined` if there is no room for it. */
  reserveBroadcast(broadcast: Broadcast): Receipt | undefined
  /** Looks again at a message that waited for the answer to a join. */
  redispatch(message: Message): void
  /** The queue of the channel that has taken the topic from this one. */
  successorOf(channel: HostedChannel): ChannelQueue | undefined
  /** A join was answered. */
  joinAnswered(channel: HostedChannel, joined: boolean): void
  /** A channel has ended by itself; its client is told by this event. */
  channelEnded(channel: HostedChannel, event: string): void
  /** Something of ours failed: the connection ends, and nothing else does. */
  fail(error: unknown): void
}
