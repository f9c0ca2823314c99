import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const section =
  readFileSync("docs/SERVER.md", "utf8")
    .split(/^## /m)
    .find((part) => part.startsWith("Other people's clients")) ?? ""

/** The versions of each client in the table. */
const table = new Map(
  [...section.matchAll(/^\| `([^`]+)`[^|]*\| ([^|]+?) *\|/gm)].map(([, client = "", versions = ""]) => [
    client,
    versions.split(", "),
  ]),
)

const installed = (name: string): string =>
  (JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")) as { version: string }).version

it("the table of other people's clients has the packages that the specs run", () => {
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { devDependencies: object }
  const phoenix = Object.keys(devDependencies).filter((name) => /^phoenix(?:-\d|$)/.test(name))
  const versions = phoenix.map(installed).toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
  expect(table.get("phoenix")).toEqual(versions)
  expect(table.get("@supabase/realtime-js")).toEqual([installed("@supabase/realtime-js")])
})

it("the table of other people's clients has the clients of Elixir whose frames a spec sends", () => {
  const spec = readFileSync("spec/interop/elixir-clients.spec.ts", "utf8")
  const named = [...spec.matchAll(/^describe\("(\w+) ([\d.]+),/gm)].map(([, name, version]) => [name, version])
  const inTable = ["phoenix_client", "slipstream"].flatMap((name) => table.get(name)?.map((version) => [name, version]))
  expect(inTable).toEqual(named)
})

it("every client of the table is looked at here", () => {
  expect([...table.keys()]).toEqual(["phoenix", "@supabase/realtime-js", "phoenix_client", "slipstream"])
})
