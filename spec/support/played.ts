/** One websocket as a client saw it. */
export interface PlayedConnection {
  opened: boolean
  status: number | undefined
  headers: Record<string, string>
  body: string | undefined
  protocol: string
  extensions: string
  error: string | undefined
  frames: PlayedFrame[]
}

/** One frame of the server. */
export interface PlayedFrame {
  kind: "text" | "binary" | "ping" | "pong" | "close"
  /** Text as it is, binary payloads in base64. */
  data?: string
  code?: number
  /** Milliseconds since the scenario began. */
  t: number
}

/** One HTTP answer. */
export interface PlayedExchange {
  status: number | undefined
  headers: Record<string, string>
  body: string
  tookMs: number
}

/** The results of a whole scenario. */
export interface Played {
  connections: Map<string, PlayedConnection>
  exchanges: PlayedExchange[]
}
