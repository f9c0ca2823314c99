export { Endpoint } from "./endpoint.js"
export type {
  Connect,
  ConnectRequest,
  EndpointOptions,
  GatewayOptions,
  SocketOptions,
  Subprotocols,
} from "./options.js"
export type { FetchHandler } from "./fetch-endpoint.js"
export { consoleLogger } from "./web-runtime.js"
export type { InProcessClient, InProcessConnection } from "../memory/in-process.js"
export * from "../../server/exports.js"
