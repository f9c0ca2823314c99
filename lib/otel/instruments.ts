import type { Counters } from "rookery/server"
import type { Clock } from "../protocol/clock.js"
import { HELP, type MetricName } from "../metrics/help.js"
import {
  COUNTS,
  HISTOGRAMS,
  measure,
  type CountName,
  type HistogramName,
  type MetricsSource,
} from "../metrics/measure.js"
import type { BatchResultLike, CounterLike, HistogramLike, InstrumentOptionsLike, MeterLike } from "./api.js"

const optionsOf = (name: MetricName): InstrumentOptionsLike => ({
  description: HELP[name],
  ...(name.endsWith("_seconds") && { unit: "s" }),
})

/** Makes a map of the members of an object. */
function mapOf<K extends string, V, M>(members: Readonly<Record<K, V>>, make: (name: K, member: V) => M): Map<K, M> {
  const names = Object.keys(members) as K[]
  return new Map(names.map((name) => [name, make(name, members[name])]))
}

/**
 * Reports the numbers of an endpoint to a meter, under the names of `metrics()`.
 *
 * @returns a function that stops it
 */
export function instrument(endpoint: MetricsSource, meter: MeterLike, clock: Clock): () => void {
  const counts = mapOf<CountName, { label: string; known: readonly string[] }, CounterLike>(
    COUNTS,
    (name, { label, known }) => {
      const counter = meter.createCounter(name, optionsOf(name))
      for (const value of known) counter.add(0, { [label]: value })
      return counter
    },
  )
  const histograms = mapOf<HistogramName, { bounds: readonly number[] }, HistogramLike>(
    HISTOGRAMS,
    (name, { bounds }) =>
      meter.createHistogram(name, { ...optionsOf(name), advice: { explicitBucketBoundaries: [...bounds] } }),
  )
  const stop = measure(endpoint, clock, {
    count: (name, value) => counts.get(name)?.add(1, { [COUNTS[name].label]: value }),
    record: (name, measured, value) => {
      const { label } = HISTOGRAMS[name]
      histograms.get(name)?.record(measured, label === undefined || value === undefined ? {} : { [label]: value })
    },
  })

  const names = Object.keys(endpoint.counters()) as (keyof Counters)[]
  const observed = names
    .filter((name) => !(name in COUNTS))
    .map((name) => {
      const isTotal = name.endsWith("_total")
      const options = optionsOf(name)
      return {
        name,
        observable: isTotal ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options),
      }
    })
  const healthy = meter.createObservableGauge("rookery_cluster_healthy", optionsOf("rookery_cluster_healthy"))
  const observe = (result: BatchResultLike): void => {
    const counters = endpoint.counters()
    for (const { name, observable } of observed) result.observe(observable, counters[name])
    result.observe(healthy, endpoint.healthy ? 1 : 0)
  }
  const observables = [...observed.map(({ observable }) => observable), healthy]
  meter.addBatchObservableCallback(observe, observables)
  return () => {
    stop()
    meter.removeBatchObservableCallback(observe, observables)
  }
}
