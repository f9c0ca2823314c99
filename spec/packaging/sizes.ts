import { bundle } from "./bundle.js"

/** One row of the table that `npm run size` prints. */
export interface SizeRow {
  name: string
  program: string
  /** Packages that are left out of the bundle. */
  external?: string[]
  /** The most bytes, minified and gzipped. */
  budget?: number
}

/** The measured programs, and their budgets. */
export const SIZE_ROWS: SizeRow[] = [
  { name: "rookery, everything", program: 'export * from "rookery"', budget: 13_500 },
  { name: "rookery, a Socket alone", program: 'export { Socket } from "rookery"', budget: 10_500 },
  { name: "rookery/msgpack, with msgpackr", program: 'export * from "rookery/msgpack"' },
  {
    name: "rookery/msgpack, without",
    program: 'export * from "rookery/msgpack"',
    external: ["msgpackr"],
    budget: 4_500,
  },
  {
    name: "msgpack() alone, without",
    program: 'export { msgpack } from "rookery/msgpack"',
    external: ["msgpackr"],
    budget: 3_800,
  },
  {
    name: "rookery/react, without them",
    program: 'export * from "./dist/react.js"',
    external: ["react", "rookery"],
    budget: 3_000,
  },
  {
    name: "rookery/panel, without it",
    program: 'export * from "./dist/panel.js"',
    external: ["rookery"],
    budget: 6_500,
  },
  { name: "phoenix, everything", program: 'export * from "phoenix"' },
  { name: "phoenix, a Socket alone", program: 'export { Socket } from "phoenix"' },
]

/** Measures a row. */
export async function measure({ program, external = [] }: SizeRow): Promise<{ bytes: number; gzipped: number }> {
  return bundle(program, { external })
}
