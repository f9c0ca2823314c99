import type { Channel, Socket } from "rookery"

/**
 * Gives Supabase Realtime a new access token, by a message to each channel that is joined, as `setAuth()` of
 * `@supabase/realtime-js` does. Supabase closes a channel whose token expires. Let the params of your channels be
 * functions that return the current token, so that later joins have it too.
 *
 * ```ts
 * supabaseClient.auth.onAuthStateChange((_event, session) => session && renewAccessToken(socket, session.access_token))
 * ```
 */
export function renewAccessToken(socket: Socket, accessToken: string): void {
  for (const channel of (socket.channels as unknown as ReadonlyMap<string, Channel>).values()) {
    if (!channel.canPush()) continue
    // Supabase gives no answer, so this is no push that waits for one.
    socket.push({
      join_ref: channel.joinRef(),
      ref: socket.makeRef(),
      topic: channel.topic,
      event: "access_token",
      payload: { access_token: accessToken },
    })
  }
}
