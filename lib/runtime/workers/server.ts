export { Endpoint } from "./endpoint.js"
export type {
  Connect,
  ConnectRequest,
  EndpointOptions,
  GatewayOptions,
  SocketOptions,
  Subprotocols,
} from "../web/options.js"
export type { FetchHandler } from "../web/fetch-endpoint.js"
export { consoleLogger } from "../web/web-runtime.js"
export type { InProcessClient, InProcessConnection } from "../memory/in-process.js"
export * from "../../server/exports.js"
