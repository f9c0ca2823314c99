/** Client to server: join a topic. Its ref becomes the join_ref of everything that follows. */
export const PHX_JOIN = "phx_join"
/** Client to server: leave a topic. */
export const PHX_LEAVE = "phx_leave"
/** Server to client: the answer to a push, a join or a leave. */
export const PHX_REPLY = "phx_reply"
/** Server to client: the channel crashed; a client joins again. */
export const PHX_ERROR = "phx_error"
/** Server to client: the channel has ended; a client does not join again. */
export const PHX_CLOSE = "phx_close"

/** Client to server, Rookery's own: asks for a page of the topic's history. */
export const PHX_HISTORY = "phx_history"

/** Client to server, Rookery's own: new credentials for the connection, on the socket's own topic. */
export const PHX_RENEW = "phx_renew"

/** Within a client, Rookery's own: a recovering channel has rejoined. */
export const PHX_RECOVERED = "phx_recovered"

/** The socket's own topic, which nobody joins. */
export const PHOENIX_TOPIC = "phoenix"
/** The only event of the socket's own topic in Phoenix. */
export const HEARTBEAT = "heartbeat"

/** Server to client: all presences of the topic. */
export const PRESENCE_STATE = "presence_state"
/** Server to client: the presences that joined and left. */
export const PRESENCE_DIFF = "presence_diff"
