// The answers of an inspector, as JSON has them. Text of clients is cut, and secrets in it are hidden.

/** A page of another origin cannot send it: the browser would ask first, and is not allowed to. */
export const OWN_HEADER = "x-rookery-inspect"

/** A channel of a socket. */
export interface InspectedChannel {
  readonly topic: string
  /** Whether its join was answered with `ok`. */
  readonly joined: boolean
  /** The number of messages that wait until a handler has ended. */
  readonly waiting: number
}

/** A client that is connected to the node. */
export interface InspectedSocket {
  /** Names the socket in requests; no two nodes use the same. */
  readonly key: string
  /** The id that `connect` returned. */
  readonly id: string | null
  readonly transport: string
  readonly address: string | null
  readonly channels: readonly InspectedChannel[]
  /** How many channels were left out. */
  readonly moreChannels: number
}

/** A client of a gateway that is connected to the node. */
export interface InspectedGatewayClient {
  /** Names the client in requests, as the key of a socket does. */
  readonly key: string
  /** The id that `connect` returned. */
  readonly id: string | null
  /** The path of the gateway. */
  readonly path: string
  readonly address: string | null
  /** When it connected, in milliseconds since 1970. */
  readonly since: number
}

/** A topic, with the number of its clients on the node. */
export interface InspectedTopicCount {
  readonly topic: string
  readonly clients: number
}

/** The answer to `GET state`: the node, and the clients and topics that were searched for. */
export interface InspectedState {
  /** The name of the node, made anew for each inspector. */
  readonly node: string
  /** Whether the other nodes can be reached. */
  readonly healthy: boolean
  /** The counts of the endpoint, by their names for Prometheus. */
  readonly counters: Readonly<Record<string, number>>
  readonly sockets: readonly InspectedSocket[]
  /** How many sockets that match were left out. */
  readonly moreSockets: number
  readonly gatewayClients: readonly InspectedGatewayClient[]
  /** How many clients of gateways that match were left out. */
  readonly moreGatewayClients: number
  /** The topics with the most clients first. */
  readonly topics: readonly InspectedTopicCount[]
  /** How many topics that match were left out. */
  readonly moreTopics: number
}

/** A key of presence, with what is tracked for it. */
export interface InspectedPresence {
  readonly key: string
  readonly metas: unknown
}

/** The answer to `GET topic`: who is on one topic. */
export interface InspectedTopic {
  readonly topic: string
  /** The clients of the node that are on the topic. */
  readonly sockets: readonly InspectedSocket[]
  readonly moreSockets: number
  /** The presences of all nodes, if a client of this node is on the topic. */
  readonly presences: readonly InspectedPresence[]
  readonly morePresences: number
}

/** The answer to `GET cluster`. */
export interface InspectedCluster {
  /** The number of nodes; `null` if it is not known now. */
  readonly nodes: number | null
  /** The number of sockets of all nodes; `null` if it is not known now. */
  readonly sockets: number | null
  readonly healthy: boolean
}

/** The data of an event `message` of the stream. */
export interface InspectedMessage {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly direction: "in" | "out" | "broadcast"
  /** The key of the socket; `null` for a broadcast. */
  readonly socket: string | null
  readonly id: string | null
  readonly topic: string
  readonly event: string
  readonly ref: string | null
  readonly payload: unknown
  /** The subscribers that a broadcast went to; `null` for other messages. */
  readonly recipients: number | null
}

/** The data of an event `gateway` of the stream: a message that passes a gateway. */
export interface InspectedGatewayMessage {
  readonly at: number
  readonly direction: "in" | "out" | "broadcast"
  /** The path of the gateway. */
  readonly path: string
  /** The key of the client; `null` for a broadcast. */
  readonly client: string | null
  readonly id: string | null
  /** The value of text that is JSON, other text as it is, and the first bytes. */
  readonly data: unknown
  /** The clients that a broadcast went to; `null` for other messages. */
  readonly recipients: number | null
}

/** The data of an event `step` of the stream: something that happened to a client, or to the cluster. */
export interface InspectedStep {
  readonly at: number
  readonly step: "connected" | "closed" | "refused" | "joined" | "join refused" | "left" | "cluster"
  readonly socket: string | null
  /** The key of a gateway's client. */
  readonly client: string | null
  readonly id: string | null
  readonly topic: string | null
  /** The path of the gateway, for its clients. */
  readonly path: string | null
  /** Says more, such as the code of a close or the reason of a refusal. */
  readonly why: string | null
}

/** The data of an event `limit` of the stream: a client hit a limit. */
export interface InspectedLimit {
  readonly at: number
  readonly limit: string
  readonly socket: string | null
  readonly id: string | null
  readonly address: string | null
}
