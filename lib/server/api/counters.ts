/** The counts of an endpoint. The names fit Prometheus and OpenTelemetry; counts that end in `_total` only grow. */
export interface Counters {
  rookery_tcp_connections: number
  rookery_sockets: number
  rookery_gateway_clients: number
  rookery_channels: number
  rookery_topics: number
  rookery_presences: number
  rookery_sockets_connected_total: number
  rookery_sockets_closed_total: number
  rookery_connects_refused_total: number
  rookery_requests_malformed_total: number
  rookery_channels_joined_total: number
  rookery_joins_refused_total: number
  rookery_channels_crashed_total: number
  rookery_frames_received_total: number
  rookery_bytes_received_total: number
  rookery_frames_rejected_total: number
  rookery_pushes_total: number
  rookery_broadcasts_total: number
  rookery_broadcast_deliveries_total: number
  rookery_broadcast_deliveries_dropped_total: number
  rookery_broadcasts_unencodable_total: number
  rookery_limits_hit_total: number
  rookery_errors_total: number
}

/** Creates counters that all are 0. */
export function noCounts(): Counters {
  return {
    rookery_tcp_connections: 0,
    rookery_sockets: 0,
    rookery_gateway_clients: 0,
    rookery_channels: 0,
    rookery_topics: 0,
    rookery_presences: 0,
    rookery_sockets_connected_total: 0,
    rookery_sockets_closed_total: 0,
    rookery_connects_refused_total: 0,
    rookery_requests_malformed_total: 0,
    rookery_channels_joined_total: 0,
    rookery_joins_refused_total: 0,
    rookery_channels_crashed_total: 0,
    rookery_frames_received_total: 0,
    rookery_bytes_received_total: 0,
    rookery_frames_rejected_total: 0,
    rookery_pushes_total: 0,
    rookery_broadcasts_total: 0,
    rookery_broadcast_deliveries_total: 0,
    rookery_broadcast_deliveries_dropped_total: 0,
    rookery_broadcasts_unencodable_total: 0,
    rookery_limits_hit_total: 0,
    rookery_errors_total: 0,
  }
}
