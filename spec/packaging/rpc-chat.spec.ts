import { newWebSocketRpcSession, RpcTarget } from "capnweb"
import { afterEach, describe, expect, it, vi } from "vitest"
import { WebSocket } from "ws"
import { freePort } from "../support/free-port.js"
import { example, type Program } from "../support/program.js"

const running: Program[] = []
const started = (program: Program): Program => {
  running.push(program)
  return program
}

afterEach(async () => {
  vi.unstubAllGlobals()
  await Promise.all(running.splice(0).map((program) => program.kill()))
})

async function server(given?: string): Promise<{ program: Program; url: string; port: string }> {
  const port = given ?? String(await freePort())
  const program = started(example("rpc-chat/server.ts", "--port", port))
  const [, url = ""] = await program.printed(/^RPC chat listens at (ws:\/\/127\.0\.0\.1:\d+\/rpc\/ws)$/)
  return { program, url, port }
}

async function client(url: string, name: string): Promise<Program> {
  const program = started(example("rpc-chat/client.ts", "--url", url))
  await program.printed(/^Enter your username:$/)
  program.type(name)
  await program.printed(new RegExp(`^Welcome, ${name}!$`))
  return program
}

interface Chat {
  join(username: string, callback: RpcTarget): string
  sendMessage(username: string, text: string): void
  listUsers(): string[]
  leave(username: string): string
}

describe("the example of a chat by RPC", () => {
  it("says at its start where it listens, what it serves and how to run a client", async () => {
    const { program, url } = await server()
    await program.printed(/^Methods: join\(username, callback\), sendMessage.*listUsers\(\), leave\(username\)$/)
    const [line] = await program.printed(/^Client: .*/)
    expect(line).toContain(`npm run rpc-chat:client -- --url ${url}`)
  })

  it("lets people talk, whatever client they use", async () => {
    const { url } = await server()
    const alice = await client(url, "Alice")
    await alice.printed(/^\* Online: Alice$/)
    const bob = await client(url, "Bob")
    await bob.printed(/^\* Online: Alice, Bob$/)
    await alice.printed(/^\* Bob has joined$/)

    const heard: string[] = []
    class Callback extends RpcTarget {
      onMessage({ user, text }: { user: string; text: string }): void {
        heard.push(`${user}: ${text}`)
      }
    }
    // capnweb uses the platform's WebSocket, which Node 20 lacks.
    vi.stubGlobal("WebSocket", WebSocket)
    const carol = newWebSocketRpcSession<Chat>(url)
    expect(await carol.join("Carol", new Callback())).toBe("Welcome, Carol!")
    await bob.printed(/^\* Carol has joined$/)
    await expect(Promise.resolve(carol.join("Bob", new Callback()))).rejects.toThrow("the name Bob is taken")
    await expect(Promise.resolve(carol.sendMessage("Bob", "hi"))).rejects.toThrow("join as Bob first")

    alice.type("Hello everyone!")
    await alice.printed(/^\[Alice\]: Hello everyone!$/)
    await bob.printed(/^\[Alice\]: Hello everyone!$/)
    await carol.sendMessage("Carol", "from capnweb alone")
    await alice.printed(/^\[Carol\]: from capnweb alone$/)
    expect(heard).toEqual(["Alice: Hello everyone!", "Carol: from capnweb alone"])

    alice.type("/users")
    await alice.printed(/^\* Online: Alice, Bob, Carol$/)
    alice.type("/nonsense")
    await alice.printed(/^! There is no \/nonsense; try \/help$/)
    expect(await carol.leave("Carol")).toBe("Goodbye, Carol!")
    carol[Symbol.dispose]()
    bob.type("/quit")
    await bob.printed(/^Goodbye, Bob!$/)
    expect(await bob.ended()).toBe(0)
    await alice.printed(/^\* Bob has left$/)
  })

  it("drops who is killed, and goes on with the others", async () => {
    const { url } = await server()
    const alice = await client(url, "Alice")
    const bob = await client(url, "Bob")
    await bob.kill("SIGKILL")
    await alice.printed(/^\* Bob has left$/)
    alice.type("anybody?")
    await alice.printed(/^\[Alice\]: anybody\?$/)
    alice.type("/users")
    const [users] = await alice.printed(/^\* Online: .*/)
    expect(users).toBe("* Online: Alice")
  })

  it("has its clients back under their names after the server was killed", async () => {
    const { program, url, port } = await server()
    const alice = await client(url, "Alice")
    const bob = await client(url, "Bob")
    await program.kill("SIGKILL")
    await alice.printed(/^\* The connection is lost; trying to come back$/)
    await server(port)
    await Promise.all([alice.printed(/^Welcome, Alice!$/), bob.printed(/^Welcome, Bob!$/)])
    bob.type("here again")
    const [line] = await alice.printed(/^\[Bob\]: .*/)
    expect(line).toBe("[Bob]: here again")
  })
})
