export { Cable } from "./panel/cable.js"
export { inspectSocket, type InspectSocketOptions, type SocketInspection } from "./panel/inspect-socket.js"
export { definePanel, showPanel, type Panel, type PanelOptions } from "./panel/panel.js"
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
