import type { Server as HttpServer } from "node:http"
import type { Http2SecureServer, Http2Server } from "node:http2"
import type { Server as HttpsServer } from "node:https"

/** A server that an endpoint can be attached to; one of HTTP/2 serves websockets where `allowHTTP1` is set. */
export type AnyHttpServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer
