import type { ReactElement } from "react"
import type {
  ChannelOptions,
  Contract,
  ErrorOf,
  Handler,
  Loose,
  MetaOf,
  OkOf,
  ParamsArgument,
  ParamsOf,
  PayloadOf,
  PresenceState,
  Push,
  PushArguments,
  ReceivedEvent,
  ReceivesOf,
  SentEvent,
  Socket,
  SpecOf,
  Status,
  TopicOf,
} from "rookery"
import type { ChannelView } from "./channel-view.js"
import type { SocketProviderProps } from "./provider.js"

/** The topics of a source, by its contract. */
export type SourceSpec<T, Source> = Source extends ChannelView<infer S> ? S : SpecOf<T, Source & string>

/** The params for a topic; a channel has its own. */
export type EventParams<T, Source> = [Source] extends [ChannelView<Loose> | null]
  ? []
  : ParamsArgument<ParamsOf<SpecOf<T, Source & string>>>

/** Pushes to a channel; the same function as long as topic and params stay the same. */
export type PushFunction<S> = <E extends SentEvent<S>>(
  event: E,
  ...args: PushArguments<PayloadOf<S, E>>
) => Push<OkOf<S, E>, ErrorOf<S, E>>

/** The hooks, typed by a contract. */
export interface Hooks<T extends Contract<T>> {
  /** Provides a socket to the hooks below it. On a server it does not connect. */
  SocketProvider: (props: SocketProviderProps<T>) => ReactElement

  /**
   * The socket of the provider above.
   *
   * @throws a `RookeryError` with code `no_socket` if there is none
   */
  useSocket: () => Socket<T>

  /** The status of the connection; on a server `disconnected`. */
  useStatus: () => Status

  /**
   * Joins a topic while the component is mounted, and returns a view of its channel. Components with the same topic and
   * params share one join; when the topic or the value of the params changes, the old channel is left. `null` joins
   * nothing.
   *
   * Params may be a function, sync or async: it is called at every join, and passing a new function does not rejoin.
   * With `recover`, `useEvent(channel, "phx_recovered", …)` says whether all missed messages came.
   */
  useChannel: <Topic extends TopicOf<T> | null>(
    topic: Topic,
    ...more: [...ParamsArgument<ParamsOf<SpecOf<T, NonNullable<Topic>>>>, options?: ChannelOptions]
  ) => ChannelView<SpecOf<T, NonNullable<Topic>>>

  /**
   * Listens to an event while the component is mounted, always with the handler of the last render. The source is a
   * view, or a topic, whose join it then shares.
   */
  useEvent: <Source extends TopicOf<T> | ChannelView<Loose> | null, E extends ReceivedEvent<SourceSpec<T, Source>>>(
    source: Source,
    event: E,
    handler: Handler<ReceivesOf<SourceSpec<T, Source>>[E]>,
    ...params: EventParams<T, Source>
  ) => void

  /**
   * A function that pushes to a channel; before the join is answered pushes wait. It throws a `RookeryError` with code
   * `not_joined` if there is no channel: without a topic, during rendering, and after the component has unmounted.
   */
  usePush: <S>(channel: ChannelView<S>) => PushFunction<S>

  /** The people in the room, by key. Entries that have not changed are the same objects. */
  usePresence: <S>(channel: ChannelView<S>) => Readonly<PresenceState<MetaOf<S>>>
}
