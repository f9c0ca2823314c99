export { Endpoint } from "./endpoint.js"
export type { DenoRequestInfo } from "./deno-types.js"
export type {
  Connect,
  ConnectRequest,
  ServedEndpointOptions as EndpointOptions,
  GatewayOptions,
  ListenAddress,
  EndpointListenOptions,
  SocketOptions,
  Subprotocols,
} from "../web/options.js"
export type { FetchHandler } from "../web/fetch-endpoint.js"
export { consoleLogger } from "../web/web-runtime.js"
export type { InProcessClient, InProcessConnection } from "../memory/in-process.js"
export * from "../../server/exports.js"
