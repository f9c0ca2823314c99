import { expect, it, onTestFinished, vi } from "vitest"
import { Socket } from "rookery"
import { PATIENCE } from "../support/patience.js"
import { stages } from "../support/stage.js"

const stage = stages()

it("A listener that is added once the join is awaited hears what the server sent right behind the answer", async () => {
  const { port } = await stage({}, (endpoint) =>
    endpoint.channel("room:*", {
      joined(room) {
        // In one packet with the answer.
        for (const n of [1, 2, 3]) room.push("hello", { n })
      },
    }),
  )
  const socket = new Socket(`ws://127.0.0.1:${port}/socket`)
  onTestFinished(() => socket.destroy())
  socket.connect()
  await socket.opened()
  const room = await socket.join("room:1")
  const heard: unknown[] = []
  room.on("hello", ({ n }) => heard.push(n))
  await vi.waitFor(() => expect(heard).toEqual([1, 2, 3]), PATIENCE)
})
