import { startReferenceApp, type ReferenceApp } from "./reference-app.js"

/**
 * The reference application, and one path more: `/polled` refuses websockets, as a proxy would, and its polls are short
 * enough to wait for one.
 */
export async function startInteropApp(): Promise<ReferenceApp> {
  const app = await startReferenceApp()
  app.endpoint.socket("/polled", { websocket: false, limits: { pollWindowMs: 2000 } })
  return app
}
