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
 * Makes a socket follow a React Native app, as it follows a page by itself. When the app comes to the foreground or the
 * network comes back, a waiting socket makes its next attempt at once, and a connection that looks open has
 * `wakeTimeoutMs` to answer a heartbeat. The system stops an app's timers in the background, so nothing else notices
 * that its connection died there.
 *
 * @returns a function that stops it
 */
export function followApp(socket: Socket, { appState, netInfo }: AppSources): () => void {
  const wake = (): void => {
    if (socket.isConnected()) socket.onConnSuspect()
    // A socket that was disconnected on purpose stays disconnected.
    else if (socket.status === "reconnecting") socket.connect()
  }
  let wasActive = true
  const subscription = appState.addEventListener("change", (state) => {
    const isActive = state === "active"
    if (isActive && !wasActive) wake()
    // iOS is `inactive` for a moment, for example during an incoming call, without stopping anything.
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
