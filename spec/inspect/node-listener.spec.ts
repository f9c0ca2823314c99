import { once } from "node:events"
import { request as requestOf, type RequestListener } from "node:http"
import express from "express"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import type { InspectedState } from "rookery/inspect"
import { startServer } from "../support/http-server.js"
import { PATIENCE } from "../support/patience.js"
import { inspectedStages, StreamReader } from "./stage.js"

const stage = inspectedStages()

/** Serves on a free port. */
async function serve(listener: RequestListener): Promise<number> {
  const server = await startServer(listener)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server.port
}

const OWN = { "x-rookery-inspect": "1", "content-type": "application/json" }

describe("the listener of an inspector, on a server of Node", () => {
  it("answers as the inspector does, with the request's own headers", async () => {
    const { inspected, visit } = stage({ allow: ({ headers }) => headers.get("authorization") === "Bearer good" })
    await visit({ id: "ada" }, "room:1")
    const url = `http://127.0.0.1:${await serve(inspected.listener)}/inspect`
    expect((await fetch(`${url}/state`)).status).toBe(403)
    const headers = { authorization: "Bearer good" }
    const response = await fetch(`${url}/state`, { headers })
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(((await response.json()) as InspectedState).sockets).toHaveLength(1)
    const body = JSON.stringify({ id: "ada", topic: "room:1" })
    const kick = await fetch(`${url}/kick`, { method: "POST", body, headers: { ...headers, ...OWN } })
    expect(kick.status).toBe(204)
    const foreign = { ...headers, ...OWN, origin: "https://evil.test" }
    expect((await fetch(`${url}/kick`, { method: "POST", body, headers: foreign })).status).toBe(403)
    expect(
      (await fetch(`${url}/kick`, { method: "POST", body: "x".repeat(100_000), headers: { ...headers, ...OWN } }))
        .status,
    ).toBe(413)
  })

  it("is a part of an Express application", async () => {
    const { inspected } = stage()
    const port = await serve(express().use("/inspect", inspected.listener))
    expect((await fetch(`http://127.0.0.1:${port}/inspect/state`)).status).toBe(200)
  })

  it("ends the stream of a client that is gone", async () => {
    const { inspected, listeners, visit } = stage()
    const port = await serve(inspected.listener)
    const leave = new AbortController()
    const response = await fetch(`http://127.0.0.1:${port}/inspect/stream`, { signal: leave.signal })
    const stream = new StreamReader(response)
    const [room] = await visit({}, "room:1")
    await room?.push("echo", { text: "hi" })
    await stream.until(({ event, data }) => event === "message" && data["event"] === "echo")
    expect(listeners()).toBeGreaterThan(0)
    leave.abort()
    await vi.waitFor(() => expect(listeners()).toBe(0), PATIENCE)
  })

  it("takes a path or a host that is none for what it is", async () => {
    const { inspected } = stage()
    const port = await serve(inspected.listener)
    const statusOf = async (path: string, host: string): Promise<number | undefined> => {
      const request = requestOf({ port, host: "127.0.0.1", path, headers: { host } }).end()
      const [response] = (await once(request, "response")) as [{ statusCode?: number; resume(): void }]
      response.resume()
      return response.statusCode
    }
    expect(await statusOf("//evil.test/inspect/state", "a")).toBe(404)
    expect(await statusOf("/inspect/state", "not a host")).toBe(200)
    expect(await statusOf("/inspect/state", "[")).toBe(200)
  })
})
