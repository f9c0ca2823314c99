"use client"

export type { ChannelView } from "./react/channel-view.js"
export { createHooks } from "./react/hooks.js"
export type { EventParams, Hooks, PushFunction, SourceSpec } from "./react/hook-types.js"
export {
  SocketProvider,
  useChannel,
  useEvent,
  usePresence,
  usePush,
  useSocket,
  useStatus,
} from "./react/untyped-hooks.js"
export type { SocketProviderProps } from "./react/provider.js"
