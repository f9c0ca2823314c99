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

/** A channel as a component sees it: a new object after each change. */
export interface ChannelView<S = AnyTopics[string]> {
  readonly topic: string | null
  /**
   * Where the channel stands. `joining` until the join was answered, `errored` while it is going to be joined again by
   * itself. `closed` without a topic, and once the server has closed it, until every component that uses it has gone.
   */
  readonly state: ChannelState
  /** The response to the last join that succeeded. */
  readonly joined: JoinedOf<S> | undefined
  /** Why the last join failed, until one goes well; with `params_differ`, others have joined with other params. */
  readonly error: RookeryError | undefined
  /** The channel, once the page has begun to join it. Joining and leaving it is the hook's business. */
  readonly channel: Channel<S> | undefined
  /** @internal */
  readonly address: Address | undefined
}

const nothing = { state: "closed", joined: undefined, error: undefined, channel: undefined } as const

/** Without a topic there is nothing. */
export const NOWHERE: ChannelView = { ...nothing, topic: null, address: undefined }

/** A room, as hooks use it. */
export interface SharedRoom {
  readonly people: PresenceState<Loose>
  /** Calls back whenever there is something else to be seen. */
  watch(watcher: () => void): () => void
  /** Listens to an event, whatever channel carries it. */
  listen(event: string, handler: Handler<Loose>): () => void
}

/** The rooms of a socket, as hooks use them. */
export interface RoomTable {
  /** The room, if a component holds it. */
  find(address: Address): SharedRoom | undefined
  view(address: Address): ChannelView
  /** Holds a room; the returned function lets go of it. */
  enter(address: Address): [room: SharedRoom, leave: () => void]
  /**
   * The channel of a room, for a push.
   *
   * @throws if there is none
   */
  channel(address: Address): Channel
}

/** Which room of which socket, by topic, by what the params say, and by what it asks for. */
export class Address {
  readonly rooms: RoomTable
  readonly topic: string
  readonly params: unknown
  readonly options: ChannelOptions
  /** Two that are equal mean one join. */
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
