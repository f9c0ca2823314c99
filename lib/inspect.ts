export { inspector, type Inspector, type InspectorOptions } from "./inspect/inspector.js"
export type { InspectorSource } from "./inspect/source.js"
export type { NodeRequest, NodeResponse } from "./inspect/node-listener.js"
export type {
  InspectedChannel,
  InspectedCluster,
  InspectedGatewayClient,
  InspectedGatewayMessage,
  InspectedLimit,
  InspectedMessage,
  InspectedPresence,
  InspectedSocket,
  InspectedState,
  InspectedStep,
  InspectedTopic,
  InspectedTopicCount,
} from "./inspect/wire.js"
