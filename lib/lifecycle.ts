export { followApp, type AppSources, type AppStateLike, type NetInfoLike } from "./lifecycle/follow-app.js"
export { keepRenewed, renew, type Renewal, type RenewOptions } from "./lifecycle/renew.js"
export { watchConnection, type ConnectionHealth, type WatchOptions } from "./lifecycle/watch-connection.js"
