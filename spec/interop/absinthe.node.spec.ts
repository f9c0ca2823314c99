import * as AbsintheSocket from "@absinthe/socket"
import type { Socket } from "phoenix"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { absinthe, type Absinthe } from "../support/absinthe.js"
import { ScriptedPhoenix } from "../support/scripted-phoenix.js"
import { SOCKETS } from "../support/socket-classes.js"

describe.each(SOCKETS)("@absinthe/socket with the Socket of %s", (_name, connect) => {
  let server: Absinthe
  let phoenix: ScriptedPhoenix
  let socket: Socket
  let client: AbsintheSocket.AbsintheSocket
  beforeEach(async () => {
    server = absinthe()
    phoenix = await ScriptedPhoenix.start(server.script)
    socket = connect(phoenix.endPoint)
    client = AbsintheSocket.create(socket)
  })
  afterEach(async () => {
    socket.disconnect()
    await phoenix.close()
  })

  /** Sends a document, and notes the events about it. */
  function send(operation: string, variables: object = {}): unknown[] {
    const events: unknown[] = []
    const notifier = AbsintheSocket.send(client, { operation, variables })
    AbsintheSocket.observe(client, notifier, {
      onResult: (result) => events.push(result),
      onError: ({ message }) => events.push(message),
      onAbort: ({ message }) => events.push(`abort: ${message}`),
    })
    return events
  }
  const come = (events: unknown[], expected: unknown[]): Promise<void> => expect.poll(() => events).toEqual(expected)

  it("connects by itself with the first document, and has queries and mutations answered", async () => {
    const query = send("query ($text: String) { echo(text: $text) }", { text: "hi" })
    await come(query, [{ data: { echo: "hi" } }])
    const mutation = send("mutation { unknown }")
    await come(mutation, [{ errors: [{ message: "no such field" }] }])
  })

  it("hears a subscription under a topic that no channel has, and ends it", async () => {
    const heard = send("subscription { said }")
    await expect.poll(() => client.notifiers[0]?.requestStatus).toBe("sent")
    server.publish({ said: "one" })
    server.publish({ said: "two" })
    await come(heard, [{ data: { said: "one" } }, { data: { said: "two" } }])
    AbsintheSocket.cancel(client, client.notifiers[0] as AbsintheSocket.Notifier)
    await come(server.asked, ["subscription { said }", "unsubscribe __absinthe__:doc:1"])
  })

  it("subscribes anew, asks an open query again and gives an open mutation up after the connection was lost", async () => {
    const heard = send("subscription { said }")
    await come(server.asked, ["subscription { said }"])
    const query = send("query { hang }")
    const mutation = send("mutation { hang }")
    const asked = ["subscription { said }", "query { hang }", "mutation { hang }"]
    await come(server.asked, asked)
    phoenix.drop()
    await come(server.asked, [...asked, "subscription { said }", "query { hang }"])
    expect({ heard, query, mutation }).toEqual({
      heard: ["connection: close"],
      query: ["connection: close"],
      mutation: ["abort: connection: close"],
    })
    await expect.poll(() => client.notifiers[0]?.requestStatus).toBe("sent")
    server.publish({ said: "again" })
    await come(heard, ["connection: close", { data: { said: "again" } }])
  })
})
