import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { open } from "lmdb"
import { lmdbStore, type Appended, type ChatMessage, type RoomRefusal } from "rookery/chat/server"
import { run } from "./run.js"

const ADA = { id: "user:ada@example.com", email: "ada@example.com", display_name: null }
const KEPT = { messages: 1000, rooms: 1000, roomsPerUser: 1 }
const MESSAGE = { user: ADA, content: "hello", timestamp: new Date(0).toISOString() }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rookery-lmdb-"))
})
afterEach(() => {
  vi.doUnmock("lmdb")
  vi.resetModules()
  rmSync(folder, { recursive: true })
})

/** The kept message; throws if the store refused it. */
function saidOf(outcome: Appended | RoomRefusal): ChatMessage {
  if (typeof outcome === "string") throw new Error(`refused: ${outcome}`)
  return outcome.said
}

describe("a store on disk", () => {
  it("has everything when it is opened again", async () => {
    const before = await lmdbStore(folder)
    await before.saveLink("link", { email: ADA.email, expires_at: 1 })
    await before.saveLink("used", { email: ADA.email, expires_at: 1 })
    await before.takeLink("used")
    await before.saveSession("session", { email: ADA.email, expires_at: 2 })
    await before.saveSession("ended", { email: ADA.email, expires_at: 2 })
    await before.endSession("ended")
    await before.setDisplayName(ADA.email, "Ada")
    const said = saidOf(await before.append("lobby", MESSAGE, KEPT, true))
    await before.close()
    const after = await lmdbStore(folder)
    expect(await after.takeLink("link")).toEqual({ email: ADA.email, expires_at: 1 })
    expect(await after.takeLink("used")).toBeUndefined()
    expect(await after.session("session")).toEqual({ email: ADA.email, expires_at: 2 })
    expect(await after.session("ended")).toBeUndefined()
    expect(await after.displayName(ADA.email)).toBe("Ada")
    expect(await after.messages("lobby", { limit: 5 })).toEqual([said])
    const next = saidOf(await after.append("lobby", MESSAGE, KEPT, true))
    expect([next.id, said.id].sort()).toEqual([said.id, next.id])
    expect(await after.append("garden", MESSAGE, KEPT, true)).toBe("roomsPerUser")
    await after.close()
  })

  it("goes on with rooms of a version that noted no founders: they count for nobody, and expire", async () => {
    const root = open({ path: folder, noSubdir: false })
    const id = `${(0).toString(36).padStart(13, "0")}12345678`
    await root.openDB({ name: "messages" }).put(["lobby", id], { id, ...MESSAGE })
    await root.openDB({ name: "rooms" }).put("lobby", 1)
    await root.close()
    const store = await lmdbStore(folder)
    expect(await store.messages("lobby", { limit: 5 })).toEqual([{ id, ...MESSAGE }])
    expect(await store.append("lobby", MESSAGE, KEPT, false)).toMatchObject({ isFirst: false })
    expect(await store.append("garden", MESSAGE, KEPT, true)).toMatchObject({ isFirst: true })
    await store.prune(0, 1)
    expect(await store.messages("lobby", { limit: 5 })).toEqual([])
    expect(await store.append("lobby", MESSAGE, KEPT, true)).toMatchObject({ isFirst: true })
    await store.close()
  })

  it("makes its folder, of whatever name, for nobody else to read", async () => {
    const path = join(folder, "made", "chat.data")
    await (await lmdbStore(path)).close()
    expect(statSync(path).isDirectory()).toBe(true)
    expect(statSync(path).mode & 0o077).toBe(0)
  })

  it("refuses what the disk has no room for, and the process goes on", async () => {
    const { code, output } = await run("fill-disk.ts", [join(folder, "full")], { fileKilobytes: 2000 })
    // lmdb reports an input/output error if the limit cuts a write short in the middle of a page.
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/refused: .*(?:File too large|Input\/output error).*\nread: 1\n/),
    })
  })

  it("says what to install where lmdb is missing", async () => {
    vi.doMock("lmdb", () => {
      throw Object.assign(new Error("Cannot find package 'lmdb'"), { code: "ERR_MODULE_NOT_FOUND" })
    })
    const { lmdbStore: freshStore } = await import("rookery/chat/server")
    await expect(freshStore(folder)).rejects.toMatchObject({
      code: "bad_option",
      message: expect.stringContaining("npm install lmdb"),
    })
  })
})
