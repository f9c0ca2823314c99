import type { Counters } from "rookery/server"
import type { CountName, HistogramName } from "./measure.js"

/** The name of a count of an endpoint, or of what is measured beside them. */
export type MetricName = keyof Counters | CountName | HistogramName | "rookery_cluster_healthy"

/** The meanings of the metrics. */
export const HELP: Readonly<Record<MetricName, string>> = {
  rookery_tcp_connections: "TCP connections, on Node.",
  rookery_sockets: "Connected sockets.",
  rookery_gateway_clients: "Connected clients of gateways.",
  rookery_channels: "Joined channels.",
  rookery_topics: "Topics with a subscriber on this node.",
  rookery_presences: "Presences that the clients of this node track.",
  rookery_sockets_connected_total: "Sockets that connected.",
  rookery_sockets_closed_total: "Sockets whose connection ended.",
  rookery_connects_refused_total: "Clients that were refused, by HTTP status.",
  rookery_requests_malformed_total: "Requests that were not valid HTTP, or no valid handshake.",
  rookery_channels_joined_total: "Joins that were answered with ok.",
  rookery_joins_refused_total: "Joins that were refused, by reason.",
  rookery_channels_crashed_total: "Channels that ended because their code threw.",
  rookery_frames_received_total: "Frames from clients.",
  rookery_bytes_received_total: "Bytes of frames from clients.",
  rookery_frames_rejected_total: "Frames that could not be decoded, or were not allowed.",
  rookery_pushes_total: "Pushes from clients.",
  rookery_broadcasts_total: "Broadcasts that were published on this node.",
  rookery_broadcast_deliveries_total: "Broadcasts that were sent to a client, counted for each client.",
  rookery_broadcast_deliveries_dropped_total: "Broadcasts that were left out for a client that reads slowly.",
  rookery_broadcasts_unencodable_total: "Broadcasts that a serializer could not encode.",
  rookery_limits_hit_total: "Times that a client hit a limit, by limit.",
  rookery_errors_total: "Errors of the application's code, and of the endpoint's.",
  rookery_recoveries_total: "Joins of clients that came back, by whether they got all messages that they missed.",
  rookery_cluster_healthy: "1 while the other nodes can be reached, else 0.",
  rookery_join_duration_seconds: "Seconds from a join to its reply of ok.",
  rookery_push_duration_seconds: "Seconds that the handler of a push took, by the status of its reply.",
  rookery_broadcast_recipients: "Clients on this node that a broadcast went to.",
  rookery_event_loop_delay_seconds: "Seconds that a timer fired late, sampled every 100 ms.",
}
