import type { AnyTopics } from "rookery"
import type { Hooks } from "./hook-types.js"
import { createHooks } from "./hooks.js"

type Untyped = Hooks<AnyTopics>

const hooks: Untyped = /* @__PURE__ */ createHooks()

/** Provides a socket to the hooks below it. On a server it does not connect. */
export const SocketProvider: Untyped["SocketProvider"] = hooks.SocketProvider

/** The socket of the provider above, or a `RookeryError` with code `no_socket`. */
export const useSocket: Untyped["useSocket"] = hooks.useSocket

/** The status of the connection; on a server `disconnected`. */
export const useStatus: Untyped["useStatus"] = hooks.useStatus

/** Joins a topic while the component is mounted: see {@link Hooks.useChannel}. */
export const useChannel: Untyped["useChannel"] = hooks.useChannel

/** Listens to an event while the component is mounted: see {@link Hooks.useEvent}. */
export const useEvent: Untyped["useEvent"] = hooks.useEvent

/** A function that pushes to a channel: see {@link Hooks.usePush}. */
export const usePush: Untyped["usePush"] = hooks.usePush

/** The people in the room, by key: see {@link Hooks.usePresence}. */
export const usePresence: Untyped["usePresence"] = hooks.usePresence
