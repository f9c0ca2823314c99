import type { Channel, Socket } from "rookery"

/** How long to wait for the server to learn that the client leaves. */
const PATIENCE_MS = 500

/**
 * Leaves the channels, disconnects and destroys the socket. Over long-poll a server would notice that a client has gone
 * only when its session expires, and its presence would stay until then, so the server is told.
 */
export async function farewell(socket: Socket, channels: Iterable<Channel>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)))
  const joined = [...channels].filter(({ state }) => state === "joined")
  if (socket.isConnected()) await Promise.race([late, leave(socket, joined)])
  await Promise.race([late, new Promise<void>((resolve) => socket.disconnect(resolve))])
  clearTimeout(timer)
  socket.destroy()
}

function leave(socket: Socket, channels: readonly Channel[]): Promise<void> {
  const open = new Set(channels.map(({ topic }) => topic))
  return new Promise((resolve) => {
    socket.onMessage(({ topic, event }) => {
      // The channel itself is told nothing more.
      if (event === "phx_reply" && open.delete(topic) && open.size === 0) resolve()
    })
    for (const channel of channels) channel.leave()
    if (open.size === 0) resolve()
  })
}
