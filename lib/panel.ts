export { Cable } from "./panel/cable.js"
export { inspectSocket, type InspectSocketOptions, type SocketInspection } from "./panel/inspect-socket.js"
export type {
  CarriedBytes,
  ErrorReport,
  LatencyReport,
  MessageReport,
  SocketChannel,
  SocketReport,
  SocketSnapshot,
  StatusReport,
} from "./panel/reports.js"
