import type {
  AnyTopics,
  Channel,
  ChannelOptions,
  ChannelState,
  Handler,
  JoinedOf,
  Loose,
  PresenceState,
  RookeryError,
} from "rookery"

/** A component's view of a channel: a new object after each change. */
export interface ChannelView<S = AnyTopics[string]> {
  readonly topic: string | null
  /**
   * The state of the channel. `joining` until the join is answered, `errored` until the automatic rejoin, `closed`
   * without a topic, and after the server has closed the channel until every component that uses it has unmounted.
   */
  readonly state: ChannelState
  /** The response to the last join that succeeded. */
  readonly joined: JoinedOf<S> | undefined
  /**
   * Why the last join failed, until one succeeds. `params_differ` means that other components have joined with
   * different params.
   */
  readonly error: RookeryError | undefined
  /** The channel, once the page has started to join it. Leave joining and leaving to the hook. */
  readonly channel: Channel<S> | undefined
  /** @internal */
  readonly address: Address | undefined
}

const nothing = { state: "closed", joined: undefined, error: undefined, channel: undefined } as const

/** The view without a topic. */
export const NOWHERE: ChannelView = { ...nothing, topic: null, address: undefined }

/** The part of a room that hooks use. */
export interface SharedRoom {
  readonly people: PresenceState<Loose>
  /** Calls back whenever the view changes. */
  watch(watcher: () => void): () => void
  /** Listens to an event on whichever channel currently serves the room. */
  listen(event: string, handler: Handler<Loose>): () => void
}

/** The part of a socket's rooms that hooks use. */
export interface RoomTable {
  /** The room, if a component holds it. */
  find(address: Address): SharedRoom | undefined
  view(address: Address): ChannelView
  /** Holds a room; the returned function releases it. */
  enter(address: Address): [room: SharedRoom, leave: () => void]
  /**
   * The channel of a room, for a push.
   *
   * @throws if there is none
   */
  channel(address: Address): Channel
}

/** Identifies a room of a socket by its topic, the value of its params, and its options. */
export class Address {
  readonly rooms: RoomTable
  readonly topic: string
  readonly params: unknown
  readonly options: ChannelOptions
  /** Equal keys share one join. */
  readonly key: string
  /** The view while there is no room: on a server, and in the first render of a page. */
  readonly before: ChannelView

  constructor(rooms: RoomTable, topic: string, params: unknown, options: ChannelOptions, key: string) {
    this.rooms = rooms
    this.topic = topic
    this.params = params
    this.options = options
    this.key = key
    this.before = { ...nothing, topic, state: "joining", address: this }
  }
}
