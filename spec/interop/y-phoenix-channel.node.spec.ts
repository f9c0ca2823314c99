import type { Socket } from "phoenix"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { PhoenixChannelProvider } from "y-phoenix-channel"
import { Doc } from "yjs"
import { SOCKETS } from "../support/socket-classes.js"
import { startYjsApp, type YjsApp } from "../support/yjs-app.js"

describe.each(SOCKETS)("y-phoenix-channel with the Socket of %s", (_name, connect) => {
  let app: YjsApp
  const sockets: Socket[] = []
  const editors: PhoenixChannelProvider[] = []
  beforeEach(async () => {
    app = await startYjsApp()
  })
  afterEach(async () => {
    for (const editor of editors.splice(0)) {
      editor.destroy()
      editor.awareness.destroy()
    }
    for (const socket of sockets.splice(0)) socket.disconnect()
    await app.endpoint.close({ deadlineMs: 0 })
  })

  /** An editor of a document, on a separate socket. Editors exchange changes through the server only. */
  function open(): PhoenixChannelProvider {
    const socket = connect(app.url)
    socket.connect()
    const editor = new PhoenixChannelProvider(socket, "doc:1", new Doc(), { disableBc: true })
    sockets.push(socket)
    editors.push(editor)
    return editor
  }
  const synced = (editor: PhoenixChannelProvider): Promise<void> => expect.poll(() => editor.synced).toBe(true)
  const textOf = ({ doc }: PhoenixChannelProvider): string => doc.getText("text").toString()

  it("brings a document and its changes to every editor", async () => {
    const ada = open()
    await synced(ada)
    ada.doc.getText("text").insert(0, "hello")
    const bob = open()
    await expect.poll(() => textOf(bob)).toBe("hello")
    bob.doc.getText("text").insert(5, ", Ada")
    await expect.poll(() => textOf(ada)).toBe("hello, Ada")
  })

  it("tells who is there, and who has gone", async () => {
    const [ada, bob] = [open(), open()]
    await Promise.all([synced(ada), synced(bob)])
    ada.awareness.setLocalState({ name: "Ada" })
    const seen = (): unknown => bob.awareness.getStates().get(ada.doc.clientID)
    await expect.poll(seen).toEqual({ name: "Ada" })
    ada.disconnect()
    await expect.poll(seen).toBe(undefined)
  })

  it("joins again after the connection was lost, and brings what was written meanwhile", async () => {
    const [ada, bob] = [open(), open()]
    await Promise.all([synced(ada), synced(bob)])
    const statuses: string[] = []
    const lost = new Promise<void>((resolve) => {
      ada.on("status", ({ status }) => {
        if (status === "disconnected") {
          ada.doc.getText("text").insert(0, "offline")
          resolve()
        }
        statuses.push(status)
      })
    })
    await app.endpoint.disconnect("editors")
    await lost
    await expect.poll(() => textOf(bob)).toBe("offline")
    await synced(ada)
    expect(statuses).toEqual(["disconnected", "connected"])
  })
})
