export { metrics, type Metrics, type MetricsOptions, type MetricsSource } from "./metrics/metrics.js"
export type { Labels } from "./metrics/exposition.js"
