import { describe, expect, it } from "vitest"
import { bundle } from "./bundle.js"
import { firstCells, textOf, unionMembers } from "./examples.js"

const README = textOf("README.md")
const manifest = JSON.parse(textOf("package.json")) as {
  exports: Record<string, unknown>
  scripts: Record<string, string>
}

describe("the README", () => {
  it("lists every entry point and no other", () => {
    const entries = Object.keys(manifest.exports).map((key) => key.replace(/^\./, "rookery"))
    expect(firstCells(README, "Entry points").sort()).toEqual(entries.sort())
  })

  it("lists every error code and no other", () => {
    const codes = unionMembers("lib/protocol/errors.ts", "ErrorCode")
    expect(codes.length).toBeGreaterThan(10)
    expect(firstCells(README, "Errors").sort()).toEqual(codes.sort())
  })

  it("names only scripts that there are", () => {
    const named = [...README.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)].map(([, script]) => script ?? "")
    expect(named).toContain("test")
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([])
  })

  it("names the command that tests a clean clone", () => {
    const commands = [...README.matchAll(/^(npm install && npm test)\b/gm)]
    expect(commands).toHaveLength(1)
    expect(textOf(".ci/run").replaceAll(" </dev/null", "")).toContain("\nnpm install && npm test")
  })

  it("says what the clients beside each other weigh, to half a kilobyte", async () => {
    const [, row = ""] = /^\| the client, min\+gzip(.*)$/m.exec(README) ?? []
    const said = [...row.matchAll(/([\d.]+) kB/g)].map(([, kilobytes]) => Number(kilobytes))
    const programs = [
      'export { Socket } from "rookery"',
      'export { Socket } from "phoenix"',
      'export { RealtimeClient } from "@supabase/realtime-js"',
      'export { io } from "socket.io-client"',
    ]
    const weighed = await Promise.all(programs.map((program) => bundle(program)))
    expect(said).toHaveLength(programs.length)
    for (const [i, { gzipped }] of weighed.entries())
      expect(Math.abs(gzipped / 1000 - (said[i] ?? 0))).toBeLessThan(0.5)
  })
})
