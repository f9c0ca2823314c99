import { describe, expect, it, vi } from "vitest"
import { Socket } from "rookery"
import { ChatClient, type ChatTopics } from "rookery/chat"
import { Program } from "../support/program.js"
import { HAS_REDIS } from "../support/redis-server.js"
import { redisSuite } from "../support/redis-suite.js"
import { PATIENCE } from "../support/patience.js"

interface ChatNode {
  program: Program
  url: string
}

describe.skipIf(!HAS_REDIS)("a chat of several servers", () => {
  const suite = redisSuite()
  const { undo } = suite

  async function chatNode(...options: string[]): Promise<ChatNode> {
    const chat = ["--import", "tsx", "lib/cli.ts", "chat-server", "--port", "0", "--redis", suite.server.url]
    const args = [...chat, ...options]
    const program = new Program(process.execPath, args)
    undo.push(() => program.kill())
    const [, url = ""] = await program.printed(/^The chat is at (http:\S+),/)
    return { program, url }
  }

  /** Logs in with a link that one node prints and another accepts. */
  async function person(email: string, asks: ChatNode, connects: ChatNode, log: string[] = []): Promise<ChatClient> {
    const asking = new ChatClient(asks.url)
    await asking.login(email)
    await asking.disconnect()
    const [, token = ""] = await asks.program.printed(/login\?token=([\w-]+)/)
    const client = new ChatClient(connects.url)
    undo.push(() => client.disconnect())
    client.on("message", ({ content }) => void log.push(content))
    await client.connect(token)
    return client
  }

  /** Waits for a user in a room. A node learns of the users at other nodes a little later than of its own. */
  const isWith = (client: ChatClient, room: string, email: string): Promise<void> =>
    vi.waitFor(async () => expect(JSON.stringify(await client.users(room))).toContain(email), PATIENCE)

  it("shares links, sessions, rooms, people and names", async () => {
    const [one, two] = [await chatNode(), await chatNode()]
    const heard: Record<"ada" | "bob", string[]> = { ada: [], bob: [] }
    const ada = await person("ada@example.com", one, two, heard.ada)
    const bob = await person("bob@example.com", two, one, heard.bob)
    await ada.join("den")
    await bob.join("den")
    await isWith(bob, "den", "ada@example.com")
    const sends = []
    for (let i = 0; i < 10; i++) sends.push(ada.send(`a${i}`, { room: "den" }), bob.send(`b${i}`, { room: "den" }))
    await Promise.all(sends)
    await vi.waitFor(() => expect([heard.ada.length, heard.bob.length]).toEqual([20, 20]), PATIENCE)
    expect(heard.ada).toEqual(heard.bob)
    const renamed = new Promise<unknown>((resolve) => bob.on("display_name_changed", resolve))
    await ada.setDisplayName("Countess")
    expect(await renamed).toMatchObject({ display_name: "Countess" })
  })

  it("shows at each server who is typing at another one", async () => {
    const [one, two] = [await chatNode(), await chatNode()]
    const [ada, bob] = [await person("ada@example.com", one, one), await person("bob@example.com", two, two)]
    const rooms = [ada, bob].map((client, at) => {
      const socket = new Socket<ChatTopics>(`${[one, two][at]?.url}/socket`, { authToken: client.sessionToken })
      undo.push(() => socket.destroy())
      socket.connect()
      return socket.channel("room:den")
    })
    await Promise.all(rooms.map((room) => room.join()))
    const [byAda, byBob] = rooms
    const heard = new Promise<unknown>((resolve) => byBob?.on("typing", resolve))
    await byAda?.push("typing", {})
    expect(await heard).toMatchObject({ user: { email: "ada@example.com" } })
  })

  it("lists the rooms of all servers, with who is there", async () => {
    const [one, two] = [await chatNode(), await chatNode()]
    const ada = await person("cay@example.com", one, one)
    await ada.join("loft")
    await ada.send("hello", { room: "loft" })
    const bob = await person("bob@example.com", two, two)
    const socket = new Socket<ChatTopics>(`${two.url}/socket`, { authToken: bob.sessionToken })
    undo.push(() => socket.destroy())
    socket.connect()
    const own = socket.channel("user:bob@example.com")
    await own.join()
    await vi.waitFor(async () => {
      const { rooms } = await own.push("rooms", {})
      expect(rooms).toContainEqual({ name: "loft", count: 1, people: ["cay"] })
    }, PATIENCE)
  })

  it("is one chat of several workers at one port, and ends in good order", async () => {
    const node = await chatNode("--workers", "2")
    await node.program.printed(/^2 workers serve it\.$/)
    const heard: string[] = []
    const ada = await person("ada@example.com", node, node)
    const bob = await person("bob@example.com", node, node, heard)
    await ada.join("den")
    await bob.join("den")
    await isWith(ada, "den", "bob@example.com")
    expect(await ada.send("hello", { room: "den" })).toMatchObject({ status: "ok" })
    await vi.waitFor(() => expect(heard).toEqual(["hello"]), PATIENCE)
    expect(await node.program.kill("SIGTERM")).toBe(0)
    expect(node.program.output.match(/The chat is at/g)).toHaveLength(1)
    expect(node.program.output.match(/rookery: closing/g)).toHaveLength(1)
  })

  it("goes on without a server that is killed: everything that was acknowledged is there", async () => {
    const [one, two] = [await chatNode(), await chatNode()]
    const ada = await person("ada@example.com", one, one)
    await ada.join("attic")
    expect(await ada.send("kept", { room: "attic" })).toMatchObject({ status: "ok" })
    const heard: string[] = []
    const bob = await person("bob@example.com", two, two, heard)
    expect(JSON.stringify(await bob.join("attic"))).toContain("kept")
    await isWith(bob, "attic", "ada@example.com")
    await one.program.kill("SIGKILL")
    await vi.waitFor(async () => expect(JSON.stringify(await bob.users("attic"))).not.toContain("ada@"), PATIENCE)
    expect(await bob.send("still here", { room: "attic" })).toMatchObject({ status: "ok" })
    await vi.waitFor(() => expect(heard).toEqual(["still here"]), PATIENCE)
  })
})
