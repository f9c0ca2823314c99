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

/** The params that go with a topic; a channel has its own. */
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
  /** Gives a socket to the hooks below it. On a server nothing connects. */
  SocketProvider: (props: SocketProviderProps<T>) => ReactElement

  /**
   * The socket of the provider above.
   *
   * @throws a `RookeryError` with code `no_socket` if there is none
   */
  useSocket: () => Socket<T>

  /** Where the connection stands; on a server `disconnected`. */
  useStatus: () => Status

  /**
   * Joins a topic while the component is mounted, and gives what is to be seen of its channel. Components with the same
   * topic and params share one join; with another topic, or params that say something else, the old one is left. Null
   * joins nothing.
   *
   * Params may be a function, which may be async: it is asked at every join, and another function joins nothing anew.
   * With `recover`, `useEvent(channel, "phx_recovered", …)` tells whether what was missed has come.
   */
  useChannel: <Topic extends TopicOf<T> | null>(
    topic: Topic,
    ...more: [...ParamsArgument<ParamsOf<SpecOf<T, NonNullable<Topic>>>>, options?: ChannelOptions]
  ) => ChannelView<SpecOf<T, NonNullable<Topic>>>

  /**
   * Listens to an event while the component is mounted, always by the handler of the last render. Of a channel, or of a
   * topic, whose join it then shares.
   */
  useEvent: <Source extends TopicOf<T> | ChannelView<Loose> | null, E extends ReceivedEvent<SourceSpec<T, Source>>>(
    source: Source,
    event: E,
    handler: Handler<ReceivesOf<SourceSpec<T, Source>>[E]>,
    ...params: EventParams<T, Source>
  ) => void

  /**
   * A function that pushes to a channel; before the join is answered pushes wait. It throws a `RookeryError` with code
   * `not_joined` where there is no channel: without a topic, while rendering, and after the component has gone.
   */
  usePush: <S>(channel: ChannelView<S>) => PushFunction<S>

  /** The people in the room, by key. Entries that have not changed are the same objects. */
  usePresence: <S>(channel: ChannelView<S>) => Readonly<PresenceState<MetaOf<S>>>
}
