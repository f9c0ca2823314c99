import { build } from "esbuild"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run, type Ended } from "../consumers/consumer.js"
import { installPacked, type Project } from "./installed.js"
import { runNode } from "./run-node.js"

let project: Project
beforeAll(async () => {
  project = await installPacked(["mitt", "msgpackr", "msgpackr-extract", "ws"])
})
afterAll(() => project.remove())

/** Every entry point but the hooks, which import React at their top, as any library for React does. */
const ENTRIES = [
  "",
  "/msgpack",
  "/lifecycle",
  "/metrics",
  "/otel",
  "/inspect",
  "/panel",
  "/supabase",
  "/server",
  "/testing",
  "/phoenix",
  "/redis",
  "/rpc",
  "/chat",
  "/chat/server",
]

const node = (file: string, ...args: string[]): Promise<Ended> =>
  run(process.execPath, ["--no-warnings", file, ...args], project.folder)

const RPC = `
  import { Socket } from "rookery"
  import { rpcSession, serveRpc } from "rookery/rpc"
  import { Endpoint } from "rookery/server"
  const endpoint = new Endpoint()
  serveRpc(endpoint, "rpc:*", () => ({}))
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  const socket = new Socket("ws://127.0.0.1:" + port + "/socket", { logger: undefined })
  const channel = socket.channel("rpc:1")
  const rpc = rpcSession(channel)`

const THE_CLIENT = `
  rpc.onSession(() => {})
  socket.connect()
  await channel.join()
  const failed = () => { try { rpc.main } catch (error) { return error.code === "bad_option" } }
  while (!failed()) await new Promise(setImmediate)
  const told = await rpc.ready().catch(({ code, message }) => [code, message])
  console.log(JSON.stringify(told))
  process.exit()`

const THE_SERVER = `
  socket.connect()
  await channel.join()
  const crashed = new Promise((resolve) => channel.onError(resolve))
  void channel.push("rpc", { open: "1" })
  await crashed
  process.exit()`

describe("without any of the optional peers", () => {
  it.each(["mjs", "cjs"])("every entry point but that of the hooks is imported, from a .%s file", async (kind) => {
    const load = kind === "mjs" ? "await import" : "await require"
    const lines = ENTRIES.map((name) => `Object.keys(${load}("rookery${name}")).length > 0,`)
    const program = `void (async () => console.log(JSON.stringify([${lines.join("\n")}])))()`
    const file = project.write(`all.${kind}`, program)
    expect(await runNode(["--no-warnings", file])).toEqual(ENTRIES.map(() => true))
  })

  it.each(["mjs", "cjs"])("the hooks name React where they are imported, from a .%s file", async (kind) => {
    const load = kind === "mjs" ? 'import "rookery/react"' : 'require("rookery/react")'
    const { code, output } = await node(project.write(`hooks.${kind}`, load))
    expect(code).toBe(1)
    expect(output).toMatch(/Cannot find (package|module) 'react'/)
  })

  it("a client of RPC says what to install, also to those who only listen for sessions", async () => {
    const { output } = await node(project.write("rpc-client.mjs", RPC + THE_CLIENT))
    const told = output.split("\n").find((line) => line.startsWith("[")) ?? ""
    expect(JSON.parse(told)).toEqual(["bad_option", expect.stringContaining("npm install capnweb")])
    expect(output.replace(told, "")).toContain("npm install capnweb")
  })

  it("a server of RPC says what to install", async () => {
    const { output } = await node(project.write("rpc-server.mjs", RPC + THE_SERVER))
    expect(output).toContain("npm install capnweb")
  })

  it("a cluster that is given no client of redis says what to install", async () => {
    const program =
      'import { redis } from "rookery/redis"; try { redis({}) } catch ({ code, message }) { console.log(JSON.stringify([code, message])) }'
    const told = await runNode([project.write("redis.mjs", program)])
    expect(told).toEqual(["bad_option", expect.stringContaining("npm install redis")])
  })

  it("the command says what to install", async () => {
    const cli = join(project.folder, "node_modules/rookery/dist/cli.js")
    const { code, output } = await node(cli, "chat-server", "--redis", "redis://127.0.0.1:1", "--port", "0")
    expect(code).toBeGreaterThan(0)
    expect(output).toContain("npm install redis")
    expect(output).not.toContain("    at ")
  })

  it("a bundler leaves the loading of capnweb to the moment of its use", async () => {
    const { warnings } = await build({
      stdin: { contents: 'export * from "rookery/rpc"', resolveDir: project.folder },
      absWorkingDir: project.folder,
      bundle: true,
      write: false,
      logLevel: "silent",
    })
    expect(warnings.map(({ text }) => text)).toEqual([])
  })
})
