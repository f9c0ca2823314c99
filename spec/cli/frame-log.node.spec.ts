import { expect, it, onTestFinished } from "vitest"
import { Socket, webSocket } from "rookery"
import { msgpack } from "rookery/msgpack"
import { frameText, tapped } from "../../lib/cli/frame-log.js"
import { startReferenceApp } from "../support/reference-app.js"

it("shows heartbeats and their answers too", async () => {
  const app = await startReferenceApp()
  onTestFinished(() => app.close())
  const serializer = msgpack()
  const lines: string[] = []
  const transport = tapped(webSocket(), (direction, frame) => lines.push(frameText(frame, direction, serializer)))
  const socket = new Socket(`ws://localhost:${app.port}/socket`, { serializer, transport })
  onTestFinished(() => socket.destroy())
  // An interval so short that a heartbeat comes by itself would be its time limit, too.
  socket.onOpen(() => socket.ping(() => {}))
  socket.connect()
  await expect.poll(() => lines.length).toBeGreaterThan(1)
  expect(lines[0]).toMatch(/^-> \d+ bytes: .* = \[null,"\d+","phoenix","heartbeat",{}\]$/)
  expect(lines[1]).toMatch(/^<- \d+ bytes: .* = \[null,"\d+","phoenix","phx_reply",{"status":"ok","response":{}}\]$/)
})

it("shows bytes that are no frame of the serializer, and not all of many", () => {
  const frame = new Uint8Array(1000).fill(0xc1)
  const line = frameText(frame, "in", msgpack())
  expect(line).toMatch(/^<- 1000 bytes: c1 c1 .* c1 \.\.\. = no frame of this serializer$/)
  expect(line.length).toBeLessThan(500)
})
