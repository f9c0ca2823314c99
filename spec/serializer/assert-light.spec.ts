import { describe, expect, it, vi } from "vitest"
import { json } from "../../lib/serializer/json.js"
import { jsonV1 } from "../../lib/serializer/json-v1.js"
import { supabase } from "../../lib/supabase.js"

const V2 = JSON.stringify(["1", "2", "room:1", "new_msg", { a: 1 }])
const V1 = JSON.stringify({ join_ref: "1", ref: "2", topic: "room:1", event: "new_msg", payload: { a: 1 } })

describe("the server's half of a JSON serializer", () => {
  it.each([
    ["json", json(), V2],
    ["jsonV1", jsonV1(), V1],
    ["supabase", supabase(), V2],
  ])("has the endpoint weigh the text before it is parsed: %s", (_name, serializer, text) => {
    const assertLight = vi.fn()
    expect(serializer.server.decode(text, 1000, assertLight).event).toBe("new_msg")
    expect(assertLight.mock.calls).toEqual([[text, 1000]])
    assertLight.mockImplementation(() => {
      throw new Error("too heavy")
    })
    expect(() => serializer.server.decode(text, 1000, assertLight)).toThrow("too heavy")
  })

  it("has the endpoint weigh the JSON inside a binary broadcast of supabase", () => {
    const { client, server } = supabase()
    const payload = { type: "broadcast", event: "move", payload: { x: 1 } }
    const message = { join_ref: "1", ref: "2", topic: "room:1", event: "broadcast", payload }
    const bytes = client.encode({ ...message, payload: { ...payload, payload: new Uint8Array([1, 2]) } }) as Uint8Array
    // The byte behind the six lengths says that the data is bytes; the data is made JSON of the same length.
    const frame = Uint8Array.from(bytes)
    frame[6] = 1
    frame.set(new TextEncoder().encode("[]"), frame.length - 2)
    const assertLight = vi.fn()
    server.decode(frame, 1000, assertLight)
    expect(assertLight).toHaveBeenCalledWith("[]", 1000)
  })
})
