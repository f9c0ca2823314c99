import type { Message, Ref } from "../../protocol/message.js"
import type { Broadcast } from "../pubsub/broadcast.js"
import type { ChannelQueue } from "./channel-queue.js"
import type { Receipt } from "../limits/kept-bytes.js"
import type { Sender } from "../pubsub/publisher.js"
import type { ServerSocket } from "../api/socket.js"
import type { SocketLimits } from "../api/socket-limits.js"

/** A channel, from the view of its socket. */
export interface HostedChannel {
  readonly topic: string
  /** The join_ref that the client sent with the join. The message about the channel's end repeats it. */
  readonly sentJoinRef: Ref
  /** The earlier channel of the same topic, which the join of this one ended. */
  readonly replaces: HostedChannel | undefined
  /** The messages that wait for the channel. */
  readonly queue: ChannelQueue
}

/** The socket of a channel: all that a channel, its join and its pushes need from their client. */
export interface ChannelHost extends ServerSocket, Sender {
  readonly limits: SocketLimits
  /** Whether bytes may be a part of a payload for this client. */
  readonly carriesBytesWithin: boolean
  /** Whether the server disconnected the client, which may have lost its rights. */
  readonly sentAway: boolean
  /** Sends a message. Throws a `SerializerError` if it cannot be encoded. */
  send(message: Message): void
  reply(join_ref: Ref, ref: Ref, topic: string, status: string, response: unknown): void
  /**
   * Sends a broadcast to the client.
   *
   * @param numbered whether the message carries its offset
   * @returns `false` if the broadcast was dropped because the client is slow
   */
  deliver(broadcast: Broadcast, numbered: boolean): boolean
  /** Counts a push whose handler is awaited. */
  keepPush(message: Message): Receipt
  /** Counts a broadcast that has to wait for `intercept`; `undefined` if there is no room for it. */
  reserveBroadcast(broadcast: Broadcast): Receipt | undefined
  /** Dispatches a message again that had to wait until a join was answered. */
  redispatch(message: Message): void
  /** The queue of the channel that has replaced this one on its topic. */
  successorOf(channel: HostedChannel): ChannelQueue | undefined
  /** A join was answered. */
  joinAnswered(channel: HostedChannel, joined: boolean): void
  /** A channel has ended, but not by a new join or a closed connection. Its client receives this event. */
  channelEnded(channel: HostedChannel, event: string): void
  /** Code of the endpoint failed: reports the error and closes this connection only. */
  fail(error: unknown): void
}
