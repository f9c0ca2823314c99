export { rpcSession, type ChannelRpc, type RpcClientOptions, type SessionHandler } from "./rpc/client-session.js"
export { serveRpc, type RpcEndpoint, type RpcRequest, type RpcServerOptions } from "./rpc/serve.js"
