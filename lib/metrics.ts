export { metrics, type Metrics, type MetricsOptions } from "./metrics/metrics.js"
export type { MetricsSource } from "./metrics/measure.js"
export type { Labels } from "./metrics/exposition.js"
