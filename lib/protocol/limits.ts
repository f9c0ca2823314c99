/**
 * Everything that a client can make grow, and how far. A number each; `Infinity` takes a limit away.
 *
 * A client that joins its hundred rooms again after a reconnect, or a page with a burst of input, must never meet one;
 * a client that means harm must.
 */
export interface Limits {
  /**
   * Bytes of one websocket frame, including its header, as in Bandit.
   *
   * @default 1_048_576, or a frame of {@link messageBytes} if that is less: a chat message takes a thousandth of it,
   * and the frames of a thousand sockets that send at once fit in memory
   */
  frameBytes: number
  /**
   * Bytes of one message: all its fragments together, after inflating. A message of a single uncompressed frame may be
   * as large as {@link frameBytes} allows.
   *
   * @default 1_048_576, the same as for a frame, so that fragments are no way around that limit
   */
  messageBytes: number
  /**
   * Estimated bytes of memory that one message may take once it is decoded. A key that is new within the message counts
   * as 512 bytes, because it costs as much time.
   *
   * @default 8_388_608, or eight times {@link messageBytes}: records take two to seven times their size on the wire
   */
  messageWeight: number
  /**
   * Characters of a `ref` or `join_ref`, which every reply repeats.
   *
   * @default 256: a client's refs are a counter, plus an id for a push with `retry`
   */
  refBytes: number
  /**
   * Bytes of the body of one long-poll request.
   *
   * @default 1_048_576, the same as for a message
   */
  bodyBytes: number
  /**
   * Lines of one long-poll request.
   *
   * @default 100, the most that phoenix.js sends
   */
  batchLines: number
  /**
   * Milliseconds from the first to the last byte of a message or of a long-poll request's body; also the time in which
   * a client must read each {@link messageBytes} of an HTTP response.
   *
   * @default 120_000: the largest message over the slowest usable connection, 9 kB a second
   */
  messageMs: number
  /**
   * Sustained frames per second on one socket: pushes, joins, leaves, heartbeats, pings and fragments; over long-poll,
   * lines and requests. A frame of more than 16 KiB counts once for each 16 KiB, and inflated data once for each KiB.
   *
   * @default 5000, or five times {@link pushesPerSecond}: only a client that ignores refusals reaches it
   */
  framesPerSecond: number
  /**
   * Frames on one socket in a burst, before {@link framesPerSecond} applies.
   *
   * @default 10_000, or five times {@link pushBurst}
   */
  frameBurst: number
  /**
   * Channels joined, or being joined, on one socket.
   *
   * @default 100, the same as in Phoenix
   */
  channels: number
  /**
   * Bytes of the topic of a channel.
   *
   * @default 1024: a topic is a name, and is stored and sent with every message
   */
  topicBytes: number
  /**
   * Sustained joins and renewals per second on one socket.
   *
   * @default 100: a join usually queries a database, and this joins all channels of a socket within a second
   */
  joinsPerSecond: number
  /**
   * Joins on one socket in a burst, before {@link joinsPerSecond} applies.
   *
   * @default 1000, or {@link channels}: enough to join all channels of a socket ten times
   */
  joinBurst: number
  /**
   * Bytes of memory taken by the join params of all channels of one socket.
   *
   * @default 4_194_304: forty kilobytes for each of a hundred channels
   */
  joinBytes: number
  /**
   * Sustained pushes per second on one socket. Joins have their own limit; leaves and heartbeats count only as frames.
   *
   * @default 1000: sixteen times what a game at sixty frames a second sends, and a few percent of a core
   */
  pushesPerSecond: number
  /**
   * Pushes on one socket in a burst, before {@link pushesPerSecond} applies.
   *
   * @default 2000: a client sends everything that it buffered while disconnected at once
   */
  pushBurst: number
  /**
   * Pushes that wait in one channel for its handler to finish an earlier one.
   *
   * @default 1000: one second of {@link pushesPerSecond}
   */
  pendingPushes: number
  /**
   * Bytes of memory taken by all pushes of one socket that wait or are being handled.
   *
   * @default 8_388_608, or {@link messageBytes}: eight messages of the largest size
   */
  pendingBytes: number
  /**
   * Bytes waiting to be sent to one client: unread data, including long-poll responses, and broadcasts that wait for a
   * busy channel's `intercept`.
   *
   * @default 8_388_608: a phone that stalls for a few seconds in a busy room stays connected; one that stops reading
   * does not
   */
  queuedBytes: number
  /**
   * Bytes of memory held for all clients together: incomplete messages, pushes that wait or are being handled, join
   * params, and unread data that is held for one client alone.
   *
   * @default 268_435_456: thirty clients that are each at their own limits, or a thousand with a quarter of the largest
   * message each
   */
  heldBytes: number
  /**
   * Bytes remembered for five minutes of one client's pushes with `retry`, including their replies.
   *
   * @default 8_388_608: eight thousand pushes with small replies, which is 27 a second without a pause
   */
  retryBytes: number
  /**
   * Bytes remembered of all clients' pushes with `retry`. Clients without an id that share an address get at most an
   * eighth of it, and all clients without an id together at most half.
   *
   * @default 134_217_728: sixteen clients that are each at their own limits, or 400 such pushes a second
   */
  heldRetryBytes: number
  /**
   * Bytes of memory of the history copies that a node of a cluster keeps for reconnecting clients, over all topics. The
   * cluster itself keeps the histories in any case.
   *
   * @default 268_435_456: a thousand messages of each of three hundred topics
   */
  heldHistoryBytes: number
  /**
   * Milliseconds without a frame from the client.
   *
   * @default 60_000, the same as in Phoenix: two heartbeats
   */
  idleMs: number
  /**
   * Milliseconds that a join may take.
   *
   * @default 10_000, the time after which phoenix.js gives up
   */
  joinMs: number
  /**
   * Milliseconds that `connect` or `renew` may take.
   *
   * @default 10_000, the same as for a join
   */
  connectMs: number
  /**
   * Milliseconds between our close frame, or our last HTTP response, and the end of the connection, if the client does
   * not end it.
   *
   * @default 5_000: longer than any working network needs
   */
  closeMs: number
  /**
   * Milliseconds that a long-poll waits for a message. A session without a poll for one and a half times as long ends.
   *
   * @default 10_000, the same as in Phoenix
   */
  pollWindowMs: number
  /**
   * Sockets of the endpoint, from the request to the end of the TCP connection, including those that are connecting or
   * have been closed.
   *
   * @default 100_000: a process can hold this many idle sockets, and not many more
   */
  connections: number
  /**
   * Sockets from one address.
   *
   * @default 10_000: a whole university behind one address stays below it
   */
  connectionsPerAddress: number
  /**
   * Sustained attempts to connect per second from one address.
   *
   * @default 200: the rate at which ten thousand sockets come and go if each stays for a minute
   */
  connectsPerSecond: number
  /**
   * Attempts to connect from one address in a burst, before {@link connectsPerSecond} applies.
   *
   * @default 10_000, or {@link connectionsPerAddress}: after a deploy all clients reconnect at once
   */
  connectBurst: number
  /**
   * TCP connections of all servers that the endpoint is attached to, whatever their path or state. At most nine tenths
   * of the files that the process may open.
   *
   * @default 200_000, or twice {@link connections}: a long-poll client may have a poll and a push open at once
   */
  tcpConnections: number
  /**
   * TCP connections from one address, from accept to end. A trusted proxy may have any number; each client behind it
   * may have this many requests and websockets. At most three quarters of the files that the process may open.
   *
   * @default 20_000, or twice {@link connectionsPerAddress}: a long-poll client may have a poll and a push open at once
   */
  tcpConnectionsPerAddress: number
  /**
   * TCP connections that have not sent a complete request yet, including those in a TLS handshake.
   *
   * @default 10_000: the number of clients that reconnect within one round trip after a deploy
   */
  halfOpen: number
  /**
   * Milliseconds from the accept of a TCP connection to the end of its first request's headers, including the TLS
   * handshake.
   *
   * @default 10_000, the same as for a join
   */
  handshakeMs: number
  /**
   * Requests of one connection that wait for the response to an earlier one.
   *
   * @default 1: browsers and proxies do not pipeline, and a single read of a connection can bring many requests
   */
  pipelined: number
  /**
   * Sustained HTTP requests per second from one address. Upgrade requests count as attempts to connect instead.
   *
   * @default 5000: the rate of a thousand long-poll clients that each receive two messages a second
   */
  requestsPerSecond: number
  /**
   * HTTP requests from one address in a burst, before {@link requestsPerSecond} applies.
   *
   * @default 30_000, or three times {@link connectionsPerAddress}: after a deploy each client opens a session, joins
   * and polls
   */
  requestBurst: number
}

/** The limits that hold unless others are given. */
export const DEFAULT_LIMITS: Readonly<Limits> = {
  frameBytes: 1_048_576,
  messageBytes: 1_048_576,
  messageWeight: 8_388_608,
  refBytes: 256,
  bodyBytes: 1_048_576,
  batchLines: 100,
  messageMs: 120_000,
  framesPerSecond: 5000,
  frameBurst: 10_000,
  channels: 100,
  topicBytes: 1024,
  joinsPerSecond: 100,
  joinBurst: 1000,
  joinBytes: 4_194_304,
  pushesPerSecond: 1000,
  pushBurst: 2000,
  pendingPushes: 1000,
  pendingBytes: 8_388_608,
  queuedBytes: 8_388_608,
  heldBytes: 268_435_456,
  retryBytes: 8_388_608,
  heldRetryBytes: 134_217_728,
  heldHistoryBytes: 268_435_456,
  idleMs: 60_000,
  joinMs: 10_000,
  connectMs: 10_000,
  closeMs: 5_000,
  pollWindowMs: 10_000,
  connections: 100_000,
  connectionsPerAddress: 10_000,
  connectsPerSecond: 200,
  connectBurst: 10_000,
  tcpConnections: 200_000,
  tcpConnectionsPerAddress: 20_000,
  halfOpen: 10_000,
  handshakeMs: 10_000,
  pipelined: 1,
  requestsPerSecond: 5000,
  requestBurst: 30_000,
}

/** The name of a limit where it is counted and reported. */
export type LimitName = keyof Limits
