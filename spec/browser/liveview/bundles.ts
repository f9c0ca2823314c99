import { bundle } from "../../packaging/bundle.js"

/** The versions of `phoenix_live_view` that the specs run, and the packages that bring them. */
export const LIVE_VIEWS: readonly [version: string, name: string][] = [
  ["1.2.10", "phoenix_live_view-1-2-10"],
  ["1.2.12", "phoenix_live_view"],
]

/** The packages that a page may take its `Socket` from. */
export const CLIENTS = ["phoenix", "rookery"] as const

/** Bundles an `app.js` with the options that `mix phx.new` gives to esbuild. The aliases name the packages. */
export async function bundleApp(script: string, alias: Record<string, string>): Promise<string> {
  // A package with the name of its alias needs no alias.
  const others = Object.fromEntries(Object.entries(alias).filter(([from, to]) => from !== to))
  const { code } = await bundle(script, { minify: false, format: "iife", alias: others })
  return code
}
