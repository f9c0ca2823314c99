import type { Server as HttpServer } from "node:http"
import type { Http2SecureServer, Http2Server } from "node:http2"
import type { Server as HttpsServer } from "node:https"

/** A server that an endpoint can be attached to. An HTTP/2 server needs `allowHTTP1` to serve websockets. */
export type AnyHttpServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer
