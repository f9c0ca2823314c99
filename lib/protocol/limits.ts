/**
 * Everything that a client can make grow, and how far. A number each; `Infinity` takes a limit away.
 *
 * A client that joins its hundred rooms again after a reconnect, or a page with a burst of input, must never meet one;
 * a client that means harm must.
 */
export interface Limits {
  /**
   * Bytes of one websocket frame, its header counted, as Bandit counts.
   *
   * @default 1_048_576, or a frame of {@link messageBytes} if that is less: a chat message is a thousandth of it, and a
   * thousand sockets that send at once fit in memory
   */
  frameBytes: number
  /**
   * Bytes of one message, all its fragments and after inflating. A message of one frame that is not compressed may have
   * as many as {@link frameBytes} allows.
   *
   * @default 1_048_576, as a frame: fragments must not be a way around it
   */
  messageBytes: number
  /**
   * Bytes of memory that one message may take once it is decoded, by an estimate. A key that the message did not have
   * before counts as 512, because it takes as long.
   *
   * @default 8_388_608, or eight times {@link messageBytes}: records take two to seven times their bytes on the wire
   */
  messageWeight: number
  /**
   * Characters of a `ref` or `join_ref`, which every reply repeats.
   *
   * @default 256: clients count, and add an id to a push with `retry`
   */
  refBytes: number
  /**
   * Bytes of one long-poll request.
   *
   * @default 1_048_576, as a message
   */
  bodyBytes: number
  /**
   * Lines of one long-poll request.
   *
   * @default 100, what phoenix.js sends at most
   */
  batchLines: number
  /**
   * Milliseconds from the first byte of a message, or of a long-poll request's body, to its last; also the time in which
   * a client must read each further {@link messageBytes} of an HTTP answer.
   *
   * @default 120_000: the largest message over the slowest line that still serves, at 9 kB a second
   */
  messageMs: number
  /**
   * Frames a second on one socket, in the long run: pushes, joins, leaves, heartbeats, pings, fragments; of long-poll
   * the lines and the requests. One of more than 16 KiB counts once for each 16 KiB, and what it inflates to once for
   * each KiB.
   *
   * @default 5000, or five times {@link pushesPerSecond}: only a client that ignores refusals reaches it
   */
  framesPerSecond: number
  /**
   * Frames at once on one socket, before {@link framesPerSecond} counts.
   *
   * @default 10_000, or five times {@link pushBurst}
   */
  frameBurst: number
  /**
   * Channels joined, or being joined, on one socket.
   *
   * @default 100, Phoenix's own
   */
  channels: number
  /**
   * Bytes of the topic of a channel.
   *
   * @default 1024: a topic is a name, and is kept and sent with every message
   */
  topicBytes: number
  /**
   * Joins and renewals a second on one socket, in the long run.
   *
   * @default 100: a join asks a database more often than not, and all rooms of a socket are joined in a second
   */
  joinsPerSecond: number
  /**
   * Joins at once on one socket, before {@link joinsPerSecond} counts.
   *
   * @default 1000, or {@link channels}: ten times over all rooms of a socket
   */
  joinBurst: number
  /**
   * Bytes of memory of the params that the channels of one socket keep of their joins.
   *
   * @default 4_194_304: forty kilobytes for each of a hundred channels
   */
  joinBytes: number
  /**
   * Pushes a second on one socket, in the long run. Joins have a limit of their own; leaves and heartbeats only count as frames.
   *
   * @default 1000: sixteen times what a game at sixty frames a second sends, and some hundredths of a core
   */
  pushesPerSecond: number
  /**
   * Pushes at once on one socket, before {@link pushesPerSecond} counts.
   *
   * @default 2000: what a client buffered while it was away comes in one go
   */
  pushBurst: number
  /**
   * Pushes that wait in one channel because its handler is still at an earlier one.
   *
   * @default 1000: a second of {@link pushesPerSecond}
   */
  pendingPushes: number
  /**
   * Bytes of memory of all pushes of one socket that wait, or whose handler is awaited.
   *
   * @default 8_388_608, or {@link messageBytes}: eight messages of the largest size
   */
  pendingBytes: number
  /**
   * Bytes that wait to be sent to one client: what it does not read, answers of a long-poll among it, and broadcasts that
   * wait for a busy channel's `intercept`.
   *
   * @default 8_388_608: a phone that stops for some seconds in a busy room stays; one that reads no more goes
   */
  queuedBytes: number
  /**
   * Bytes of memory that are kept for all clients together: of messages that have not wholly come, of pushes that wait
   * or whose handler is awaited, of the params of joins, and of what clients do not read, where it is for one of them
   * alone.
   *
   * @default 268_435_456: thirty clients that are each at their own limits, or a thousand with a quarter of the largest message
   */
  heldBytes: number
  /**
   * Bytes that are remembered of one client's pushes with `retry`, their answers counted, for five minutes.
   *
   * @default 8_388_608: eight thousand pushes with small answers, as a client makes that sends 27 a second without a pause
   */
  retryBytes: number
  /**
   * Bytes that are remembered of all clients' pushes with `retry`. Clients without an id that share an address have at
   * most an eighth of it, and all without an id at most half.
   *
   * @default 134_217_728: sixteen clients that are each at their own limits, or 400 such pushes a second
   */
  heldRetryBytes: number
  /**
   * Bytes of memory of the histories that a node of a cluster has at hand for clients that come back, of all topics
   * together. The cluster keeps them, whatever a node has.
   *
   * @default 268_435_456: a thousand messages of each of three hundred topics
   */
  heldHistoryBytes: number
  /**
   * Milliseconds without a frame from the client.
   *
   * @default 60_000, Phoenix's own: two heartbeats
   */
  idleMs: number
  /**
   * Milliseconds that a join may take.
   *
   * @default 10_000, when phoenix.js gives up waiting
   */
  joinMs: number
  /**
   * Milliseconds that `connect` or `renew` may take.
   *
   * @default 10_000, as a join
   */
  connectMs: number
  /**
   * Milliseconds between our close frame, or our last answer over HTTP, and the end of the connection, if the client
   * does not end it.
   *
   * @default 5_000: longer than any network that is still there needs
   */
  closeMs: number
  /**
   * Milliseconds that a long-poll waits for something to tell. A session without a poll ends after one and a half.
   *
   * @default 10_000, Phoenix's own
   */
  pollWindowMs: number
  /**
   * Sockets of the endpoint, from the request to the end of TCP: those that connect and those that have closed count.
   *
   * @default 100_000: a process has room for as many idle ones, and not for many more
   */
  connections: number
  /**
   * Sockets of one address.
   *
   * @default 10_000: a whole university behind one address stays below it
   */
  connectionsPerAddress: number
  /**
   * Attempts to connect of one address a second, in the long run.
   *
   * @default 200: as many come and go where ten thousand sockets stay for a minute each
   */
  connectsPerSecond: number
  /**
   * Attempts to connect of one address at once, before {@link connectsPerSecond} counts.
   *
   * @default 10_000, or {@link connectionsPerAddress}: all of them come back at once after a deploy
   */
  connectBurst: number
  /**
   * TCP connections of all servers that the endpoint is attached to, whatever they are for and whatever they do. At most
   * nine tenths of the files that the process may open.
   *
   * @default 200_000, or twice {@link connections}: a client of long-poll has a poll and a push at once
   */
  tcpConnections: number
  /**
   * TCP connections of one address, from their accept to their end. A trusted proxy may have any number; by it each
   * client may have as many requests and websockets. At most three quarters of the files that the process may open.
   *
   * @default 20_000, or twice {@link connectionsPerAddress}: a client of long-poll has a poll and a push at once
   */
  tcpConnectionsPerAddress: number
  /**
   * TCP connections from which no request has wholly come yet, those in their TLS handshake counted.
   *
   * @default 10_000: as many as a deploy brings back at once, for the time of a round trip
   */
  halfOpen: number
  /**
   * Milliseconds from the accept of a TCP connection to the end of its first request's headers, its TLS handshake counted.
   *
   * @default 10_000, as a join
   */
  handshakeMs: number
  /**
   * Requests of one connection that wait for the answer of an earlier one.
   *
   * @default 1: no browser and no proxy has any, and one read of a connection brings many
   */
  pipelined: number
  /**
   * HTTP requests of one address a second, in the long run. Requests to upgrade count as attempts to connect instead.
   *
   * @default 5000: as many as a thousand clients of long-poll send that are told something twice a second
   */
  requestsPerSecond: number
  /**
   * HTTP requests of one address at once, before {@link requestsPerSecond} counts.
   *
   * @default 30_000, or three times {@link connectionsPerAddress}: each opens a session, joins and polls after a deploy
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
