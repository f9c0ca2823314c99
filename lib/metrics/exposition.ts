/** The values of labels, by the names of the labels. */
export type Labels = Readonly<Record<string, string>>

/** One measured value of a metric. */
export interface Sample {
  readonly value: number
  readonly labels?: Labels | undefined
  /** Follows the name of the metric, as `_bucket` does. */
  readonly suffix?: string
}

/** A metric with its samples, as Prometheus reads it. */
export interface Family {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly help: string
  readonly samples: readonly Sample[]
}

/** The media type of Prometheus's text format. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' }

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll(/[\\\n"]/g, (character) => ESCAPES[character] as string)}"`,
  )
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}

/** The text of some metrics in Prometheus's text format. The labels that are shared are those of every sample. */
export function textOf(families: readonly Family[], shared: Labels): string {
  const lines: string[] = []
  for (const { name, type, help, samples } of families) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const { suffix = "", labels, value } of samples) {
      lines.push(`${name}${suffix}${labelsText({ ...shared, ...labels })} ${value}`)
    }
  }
  return `${lines.join("\n")}\n`
}
