import { describe, expect, it } from "vitest"
import { Endpoint } from "rookery/server"

const isListening = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  )

describe("an endpoint's own server", () => {
  it("is not started once the endpoint is closed", async () => {
    const endpoint = new Endpoint({ logger: false })
    await endpoint.close()
    await expect(endpoint.listen()).rejects.toMatchObject({ code: "destroyed" })
  })

  it.each([undefined, "localhost"])("is stopped if the endpoint closes while it starts (host %s)", async (host) => {
    const endpoint = new Endpoint({ logger: false })
    const other = new Endpoint({ logger: false })
    const { port } = await other.listen({ host: "127.0.0.1" })
    await other.close()
    const listening = endpoint.listen({ port, ...(host !== undefined && { host }) })
    const closed = endpoint.close()
    await expect(listening).rejects.toMatchObject({ code: "destroyed" })
    await closed
    await expect.poll(() => isListening(port)).toBe(false)
  })

  it("is the only one: another port needs a server of one's own", async () => {
    await using endpoint = new Endpoint({ logger: false })
    const { port } = await endpoint.listen()
    await expect(endpoint.listen()).rejects.toMatchObject({ code: "bad_option" })
    expect(await isListening(port)).toBe(true)
  })

  it("may be started on another port if one was taken", async () => {
    await using first = new Endpoint({ logger: false })
    await using second = new Endpoint({ logger: false })
    const { port } = await first.listen()
    await expect(second.listen({ port })).rejects.toMatchObject({ code: "EADDRINUSE" })
    expect(await isListening((await second.listen()).port)).toBe(true)
  })
})
