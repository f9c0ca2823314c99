import type { Server as HttpServer } from "node:http"
import type { Server as HttpsServer } from "node:https"

/** A server that an endpoint can be attached to. */
export type AnyHttpServer = HttpServer | HttpsServer
