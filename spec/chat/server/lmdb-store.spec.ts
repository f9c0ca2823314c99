import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { lmdbStore } from "rookery/chat/server"
import { run } from "./run.js"

const ADA = { id: "user:ada@example.com", email: "ada@example.com", display_name: null }
const KEPT = { messages: 1000, rooms: 1000 }
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
    const said = await before.append("lobby", MESSAGE, KEPT)
    await before.close()
    const after = await lmdbStore(folder)
    expect(await after.takeLink("link")).toEqual({ email: ADA.email, expires_at: 1 })
    expect(await after.takeLink("used")).toBeUndefined()
    expect(await after.session("session")).toEqual({ email: ADA.email, expires_at: 2 })
    expect(await after.session("ended")).toBeUndefined()
    expect(await after.displayName(ADA.email)).toBe("Ada")
    expect(await after.messages("lobby", { limit: 5 })).toEqual([said])
    const next = await after.append("lobby", MESSAGE, KEPT)
    expect([next?.id, said?.id].sort()).toEqual([said?.id, next?.id])
    await after.close()
  })

  it("makes its folder, of whatever name, for nobody else to read", async () => {
    const path = join(folder, "made", "chat.data")
    await (await lmdbStore(path)).close()
    expect(statSync(path).isDirectory()).toBe(true)
    expect(statSync(path).mode & 0o077).toBe(0)
  })

  it("refuses what the disk has no room for, and the process goes on", async () => {
    const { code, output } = await run("fill-disk.ts", [join(folder, "full")], { fileKilobytes: 2000 })
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/refused: .*File too large.*\nread: 1\n/),
    })
  }, 30_000)

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
