import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { Endpoint } from "rookery/server"
import { runCli } from "../support/cli.js"

const SECRET = "s3cr3t-t0ken"

let endpoint: Endpoint
let url: string
let dir: string
let files = 0
beforeAll(async () => {
  endpoint = new Endpoint({
    logger: false,
    connect: ({ params, authToken, request }) => ({
      assigns: { token: params["token"], authToken, header: request?.headers["x-secret"] },
    }),
  })
  endpoint.channel("room:*", {
    join({ params, socket }, room) {
      room.assigns = { ...(socket.assigns as object), join: params }
    },
    receive: { told: (payload: unknown, room) => ({ ...(room.assigns as object), payload }) },
  })
  const { port } = await endpoint.listen()
  url = `ws://127.0.0.1:${port}/socket`
  dir = mkdtempSync(join(tmpdir(), "rookery-inputs-"))
})
afterAll(async () => {
  rmSync(dir, { recursive: true })
  await endpoint.close({ deadlineMs: 0 })
})

/** Writes a file, and returns the argument that names it. */
function fileWith(text: string): string {
  const path = join(dir, `${++files}`)
  writeFileSync(path, text)
  return `@${path}`
}

/** Runs `rookery push` with these arguments, and returns the values that the endpoint receives. */
async function told(
  args: string[],
  options: Parameters<typeof runCli>[1] & { payload?: string } = {},
): Promise<object> {
  const { payload = "{}", ...rest } = options
  const run = runCli(["push", url, "room:1", "told", payload, ...args], rest)
  expect([await run.code, run.stderr.text]).toEqual([0, ""])
  return JSON.parse(run.stdout.text) as object
}

it.each([
  ["of one line", `${SECRET}\n`],
  ["of one line that ends as on Windows", `${SECRET}\r\n`],
  ["without a line break", SECRET],
])("a param, a header and the auth token are read from a file %s", async (_what, text) => {
  const file = fileWith(text)
  expect(await told(["--param", `token=${file}`])).toMatchObject({ token: SECRET })
  expect(await told(["--header", `x-secret: ${file}`])).toMatchObject({ header: SECRET })
  expect(await told(["--auth-token", file])).toMatchObject({ authToken: SECRET })
})

it("the params of the join and the payload are read from a file of JSON", async () => {
  expect(await told(["--join", fileWith(`{ "token": "${SECRET}" }\n`)])).toMatchObject({ join: { token: SECRET } })
  expect(await told([], { payload: fileWith('{ "large": [1, 2] }\n') })).toMatchObject({ payload: { large: [1, 2] } })
})

it.each([
  [["--param", "token=@-"], `${SECRET}\n`, { token: SECRET }],
  [["--header", "x-secret: @-"], `${SECRET}\n`, { header: SECRET }],
  [["--auth-token", "@-"], `${SECRET}\n`, { authToken: SECRET }],
  [["--auth-token", "-"], `${SECRET}\n`, { authToken: SECRET }],
  [["--join", "@-"], `{"token":"${SECRET}"}`, { join: { token: SECRET } }],
])("standard input gives the value of %j", async (args, stdin, expected) => {
  expect(await told(args, { stdin })).toMatchObject(expected)
})

it("a value that begins with two @ begins with one", async () => {
  expect(await told(["--param", "token=@@ada"])).toMatchObject({ token: "@ada" })
  expect(await told(["--header", "x-secret: @@ada"])).toMatchObject({ header: "@ada" })
  expect(await told(["--param", "token=a@b"])).toMatchObject({ token: "a@b" })
})

it("a header from a file that has more than one line is refused, and not printed", async () => {
  const file = fileWith(`${SECRET}\nx-more: 1\n`)
  const run = runCli(["push", url, "room:1", "told", "{}", "--header", `x-secret: ${file}`])
  expect(await run.code).toBe(64)
  expect(run.stderr.text).toBe('rookery: --header x-secret is not "name: value"\n')
})

it("a token that was meant as a literal is not printed when it is taken for a file", async () => {
  const run = runCli(["push", url, "room:1", "told", "{}", "--param", `token=@${SECRET}`])
  expect(await run.code).toBe(64)
  expect(run.stderr.text).toContain("a value that begins with @ needs @@")
  expect(run.stderr.text).not.toContain(SECRET)
})
