import { Socket, type Channel } from "rookery"
import { Endpoint } from "rookery/server"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createTodoChannel, type CreateTodoResult } from "../support/ash-rpc.js"
import { createOrgChannel, onOrgChannelMessages, unsubscribeOrgChannel } from "../support/ash-typed-channels.js"

interface Run {
  input: { title: string }
  fields: string[]
}

describe("channels in the shape that ash_typescript generates", () => {
  let endpoint: Endpoint
  let socket: Socket
  beforeEach(async () => {
    endpoint = new Endpoint({ logger: false })
    endpoint.channel("ash_typescript_rpc:*", {
      receive: {
        run({ input: { title }, fields }: Run, room) {
          if (title === "slow") return room.noReply
          const errors = [{ type: "required", message: "is required", fields: ["title"] }]
          if (title === "") return { success: false, errors }
          const data = { id: "1", title }
          return {
            success: true,
            data: Object.fromEntries(Object.entries(data).filter(([key]) => fields.includes(key))),
          }
        },
      },
    })
    endpoint.channel("org:*", {})
    const { port } = await endpoint.listen({ port: 0, host: "127.0.0.1" })
    socket = new Socket(`ws://127.0.0.1:${port}/socket`)
    socket.connect()
  })
  afterEach(async () => {
    socket.destroy()
    await endpoint.close({ deadlineMs: 0 })
  })

  it("run actions, and hear results and timeouts", async () => {
    const channel = socket.channel("ash_typescript_rpc:1", {})
    channel.join()
    const run = (title: string, timeout?: number): Promise<CreateTodoResult | string> =>
      new Promise((resolve) => {
        createTodoChannel({
          channel,
          input: { title },
          fields: ["id", "title"],
          resultHandler: resolve,
          errorHandler: () => resolve("error"),
          timeoutHandler: () => resolve("timeout"),
          ...(timeout !== undefined && { timeout }),
        })
      })
    expect(await run("write")).toEqual({ success: true, data: { id: "1", title: "write" } })
    const errors = [{ type: "required", message: "is required", fields: ["title"] }]
    expect(await run("")).toEqual({ success: false, errors })
    expect(await run("slow", 20)).toBe("timeout")
  })

  it("hear typed events until they unsubscribe", async () => {
    const channel = createOrgChannel(socket, "1")
    const heard: unknown[] = []
    const refs = onOrgChannelMessages(channel, {
      post_created: ({ id, title }) => heard.push(`${id} ${title}`),
      post_updated: (title) => heard.push(title.toUpperCase()),
    })
    const room = channel as unknown as Channel
    await room.join()
    const last = (): Promise<unknown> => new Promise((resolve) => room.on("last", resolve))
    const publish = async (): Promise<void> => {
      const passed = last()
      await endpoint.broadcast("org:1", "post_created", { id: "7", title: "hello" })
      await endpoint.broadcast("org:1", "post_updated", "hello")
      await endpoint.broadcast("org:1", "last", {})
      await passed
    }
    await publish()
    expect(heard).toEqual(["7 hello", "HELLO"])
    unsubscribeOrgChannel(channel, refs)
    await publish()
    expect(heard).toEqual(["7 hello", "HELLO"])
  })
})
