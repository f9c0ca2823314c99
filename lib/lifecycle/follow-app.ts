import type { Socket } from "rookery"

/** The shape of React Native's `AppState`. */
export interface AppStateLike {
  addEventListener(type: "change", listener: (state: string) => void): { remove(): void }
}

/** The shape of `NetInfo` of `@react-native-community/netinfo`. */
export interface NetInfoLike {
  addEventListener(listener: (state: { readonly isConnected: boolean | null }) => void): () => void
}

/** The sources of {@link followApp}. */
export interface AppSources {
  /** `AppState` of `react-native`. */
  readonly appState: AppStateLike
  /** `NetInfo` of `@react-native-community/netinfo`, if the app has it. */
  readonly netInfo?: NetInfoLike | undefined
}

/**
 * Has a socket follow a React Native app, as it follows a page by itself: when the app comes to the foreground or the
 * network is back, a socket that waits for its next attempt makes it at once, and a connection that looks open has
 * `wakeTimeoutMs` to answer a heartbeat. The system stops the timers of an app in the background, so nothing else notices
 * that its connection died there.
 *
 * @returns a function that ends it
 */
export function followApp(socket: Socket, { appState, netInfo }: AppSources): () => void {
  const wake = (): void => {
    if (socket.isConnected()) socket.onConnSuspect()
    // A socket that is disconnected on purpose stays so.
    else if (socket.status === "reconnecting") socket.connect()
  }
  let wasActive = true
  const subscription = appState.addEventListener("change", (state) => {
    const isActive = state === "active"
    if (isActive && !wasActive) wake()
    // iOS is `inactive` for a moment, as under an incoming call, without stopping anything.
    if (state !== "inactive") wasActive = isActive
  })
  let wasOnline: boolean | null = true
  const stop = netInfo?.addEventListener(({ isConnected }) => {
    if (isConnected && wasOnline === false) wake()
    wasOnline = isConnected ?? wasOnline
  })
  return () => {
    subscription.remove()
    stop?.()
  }
}
