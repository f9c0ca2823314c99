import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { failuresOf, tableOf } from "./report.js"
import { runAutobahn } from "./suite.js"

const ok = { behavior: "OK", behaviorClose: "OK" }

describe("the table of Autobahn's outcomes", () => {
  it("lists each chapter in a line of text, in order", () => {
    const table = tableOf({
      "10.1.1": ok,
      "2.1": ok,
      "2.2": { behavior: "NON-STRICT", behaviorClose: "OK" },
      "7.1.6": { behavior: "INFORMATIONAL", behaviorClose: "INFORMATIONAL" },
      "7.7.1": { behavior: "OK", behaviorClose: "WRONG CODE" },
    })
    expect(table.split("\n")).toEqual([
      "chapter            cases  ok  non-strict  informational  unimplemented  failed",
      "2 pings and pongs      2   1           1              0              0       0",
      "7 close                2   1           0              1              0       1",
      "10 miscellaneous       1   1           0              0              0       0",
    ])
  })

  it("counts a case as failed by its behaviour, or by the end of its connection", () => {
    const report = {
      "1.1.1": ok,
      "1.1.2": { behavior: "FAILED", behaviorClose: "OK" },
      "1.1.3": { behavior: "OK", behaviorClose: "UNCLEAN" },
      "13.7.1": { behavior: "UNIMPLEMENTED", behaviorClose: "UNIMPLEMENTED" },
    }
    expect(failuresOf(report)).toEqual(["case 1.1.2: FAILED, close OK", "case 1.1.3: OK, close UNCLEAN"])
  })
})

/** A command in place of Autobahn's: it echoes one message through each server, and reports that. */
const STAND_IN = `#!${process.execPath}
const { readFileSync, writeFileSync } = require("node:fs")
const { connect } = require("node:net")
const [, , mode, kind, flag, path] = process.argv
if (mode !== "-m" || kind !== "fuzzingclient" || flag !== "-s") process.exit(2)
const { outdir, servers, cases } = JSON.parse(readFileSync(path, "utf8"))
const [{ agent, url }] = servers
const { port, pathname } = new URL(url)
const socket = connect({ port: Number(port), host: "127.0.0.1" })
socket.write("GET " + pathname + " HTTP/1.1\\r\\nhost: a\\r\\nconnection: upgrade\\r\\nupgrade: websocket\\r\\n" +
  "sec-websocket-version: 13\\r\\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
socket.write(Buffer.from([0x82, 0x81, 0, 0, 0, 0, 7]))
let got = Buffer.alloc(0)
socket.on("data", (chunk) => {
  got = Buffer.concat([got, chunk])
  if (!got.includes(Buffer.from([0x82, 1, 7]))) return
  socket.destroy()
  const one = { behavior: "OK", behaviorClose: "OK" }
  writeFileSync(outdir + "/index.json", JSON.stringify({ [agent]: Object.fromEntries(cases.map((id) => [id, one])) }))
})
`

describe("a run of Autobahn", () => {
  const folders: string[] = []

  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
  })

  /** The path of a command that stands in for Autobahn's. */
  async function command(text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "autobahn-spec-"))
    folders.push(folder)
    const path = join(folder, "wstest.cjs")
    await writeFile(path, text)
    await chmod(path, 0o755)
    return path
  }

  it("points the command at a gateway that echoes, and reads its report", async () => {
    expect(await runAutobahn(await command(STAND_IN), ["1.1.1", "1.1.2"])).toEqual({ "1.1.1": ok, "1.1.2": ok })
  })

  it("fails where the command does", async () => {
    const path = await command(`#!${process.execPath}\nprocess.exit(3)\n`)
    await expect(runAutobahn(path)).rejects.toThrow("ended with 3")
  })
})
