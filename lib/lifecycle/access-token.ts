import type { Channel, Socket } from "rookery"

/**
 * Sends Supabase Realtime a new access token, in a message to each joined channel, as `setAuth()` of
 * `@supabase/realtime-js` does. Supabase closes a channel whose token expires. Pass your channels' params as functions
 * that return the current token, so that later joins have it too.
 *
 * ```ts
 * supabaseClient.auth.onAuthStateChange((_event, session) => session && renewAccessToken(socket, session.access_token))
 * ```
 */
export function renewAccessToken(socket: Socket, accessToken: string): void {
  for (const channel of (socket.channels as unknown as ReadonlyMap<string, Channel>).values()) {
    if (!channel.canPush()) continue
    // Supabase does not answer, so this is not a push that waits for a reply.
    socket.push({
      join_ref: channel.joinRef(),
      ref: socket.makeRef(),
      topic: channel.topic,
      event: "access_token",
      payload: { access_token: accessToken },
    })
  }
}
