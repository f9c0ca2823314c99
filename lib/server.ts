export { Endpoint, type Serve } from "./runtime/node/endpoint.js"
export type {
  Connect,
  ConnectRequest,
  EndpointOptions,
  GatewayOptions,
  SocketOptions,
  Subprotocols,
} from "./runtime/node/options.js"
export type { WebSocketServerAdapter } from "./runtime/node/upgrade/websocket-server.js"
export { wsServer } from "./runtime/ws/ws-server.js"
export type { WsServer, WsServerClass, WsServerOptions, WsSocket } from "./runtime/ws/ws-types.js"
export { consoleLogger } from "./runtime/node/platform/console-logger.js"
export type { AnyHttpServer } from "./runtime/node/http/any-http-server.js"
export { startWorkers, WorkerError, type Workers, type WorkersOptions } from "./runtime/node/workers/workers.js"
export { addressOf } from "./runtime/node/http/client-address.js"
export type { InProcessClient, InProcessConnection } from "./runtime/memory/in-process.js"
export * from "./server/exports.js"
