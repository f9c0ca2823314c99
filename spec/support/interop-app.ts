import { startReferenceApp, type ReferenceApp } from "./reference-app.js"

/** The reference application for whole conversations. */
export interface InteropApp extends ReferenceApp {
  /** Accepts joins of `held:*`, which wait until then. */
  release(): void
}

/**
 * Starts it. Its path `/polled` refuses websockets, as some proxies do.
 */
export async function startInteropApp(): Promise<InteropApp> {
  const app = await startReferenceApp()
  app.endpoint.socket("/polled", { websocket: false })
  let release = (): void => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  app.endpoint.channel("held:*", { join: () => released, receive: { echo: (payload) => payload } })
  return { ...app, release }
}
