// In the shape that ash_typescript documents for `typed_channels`:
// https://hexdocs.pm/ash_typescript/typed-channels.html

/** A channel that only `createOrgChannel` makes. */
export interface OrgChannel {
  readonly __channelType: "OrgChannel"
  on(event: string, callback: (payload: unknown) => void): number
  off(event: string, ref: number): void
}

/** The events that the server publishes. */
export interface OrgChannelEvents {
  post_created: { id: string; title: string | null }
  post_updated: string
}

type OrgChannelHandlers = { [E in keyof OrgChannelEvents]?: (payload: OrgChannelEvents[E]) => void }
type OrgChannelRefs = { [E in keyof OrgChannelEvents]?: number }

export const createOrgChannel = (
  socket: { channel(topic: string, params?: object): unknown },
  suffix: string,
): OrgChannel => socket.channel(`org:${suffix}`) as OrgChannel

export function onOrgChannelMessages(channel: OrgChannel, handlers: OrgChannelHandlers): OrgChannelRefs {
  const refs = Object.entries(handlers).map(([event, handler]) => [
    event,
    channel.on(event, handler as (payload: unknown) => void),
  ])
  return Object.fromEntries(refs) as OrgChannelRefs
}

export function unsubscribeOrgChannel(channel: OrgChannel, refs: OrgChannelRefs): void {
  for (const [event, ref] of Object.entries(refs)) channel.off(event, ref)
}
