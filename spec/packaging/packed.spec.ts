import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import ts from "typescript"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ROOT } from "./build.js"
import { bundle } from "./bundle.js"
import { installPacked, type Project } from "./installed.js"
import { runNode } from "./run-node.js"

let project: Project
beforeAll(async () => {
  const types = ["@types/node", "@types/phoenix", "@types/react", "csstype", "undici-types"]
  project = await installPacked(["mitt", "msgpackr", "msgpackr-extract", "phoenix", "react", "ws", ...types])
})
afterAll(() => project.remove())

const IMPORTS = {
  mjs: `
    import { RookeryError, SerializerError, Socket, webSocket } from "rookery"
    import { msgpack } from "rookery/msgpack"
    import { phoenixOptions } from "rookery/phoenix"
    import { createHooks } from "rookery/react"
    import { RookeryError as ServerError } from "rookery/server"
    import { Socket as PhoenixSocket } from "phoenix"
    import manifest from "rookery/package.json" with { type: "json" }`,
  cjs: `
    const { RookeryError, SerializerError, Socket, webSocket } = require("rookery")
    const { msgpack } = require("rookery/msgpack")
    const { phoenixOptions } = require("rookery/phoenix")
    const { createHooks } = require("rookery/react")
    const { RookeryError: ServerError } = require("rookery/server")
    const { Socket: PhoenixSocket } = require("phoenix")
    const manifest = require("rookery/package.json")`,
}

const PROGRAM = `
  const codeOf = (act) => { try { act(); return "fine" } catch (error) { return error.code } }
  const caught = (act) => { try { act() } catch (error) { return error } }
  const socket = new Socket("ws://localhost/socket")
  const options = phoenixOptions({ serializer: msgpack(), transport: webSocket() })
  const error = caught(() => msgpack().client.decode("not bytes"))
  console.log(JSON.stringify({
    name: manifest.name,
    url: socket.endPointURL(),
    phoenixUrl: new PhoenixSocket("ws://localhost/socket", options).endPointURL(),
    sameErrors: error instanceof SerializerError && error instanceof ServerError && ServerError === RookeryError,
    code: error.code,
    hooks: Object.keys(createHooks()).length,
    headers: codeOf(() => webSocket({ headers: { a: "b" } })),
  }))
  socket.destroy()`

const EXPECTED = {
  name: "rookery",
  url: "ws://localhost/socket/websocket?vsn=2.0.0",
  phoenixUrl: "ws://localhost/socket/websocket?vsn=3.0.0",
  sameErrors: true,
  code: "bad_frame",
  hooks: 7,
}

const CHAT_NAMES = "{ ChatServer, lmdbStore, smtpMail }"

const CHAT = `
  const reasonOf = (promise) => promise.then(() => "fine", ({ code, message }) => [code, message])
  const main = async () => {
    const chat = new ChatServer({ print: () => {} })
    const { port } = await chat.listen()
    const { status } = await fetch("http://127.0.0.1:" + port + "/login?token=a")
    await chat.close()
    const mail = smtpMail({ SMTP_HOST: "127.0.0.1", MAIL_FROM: "chat@example.com" })
    const reasons = [lmdbStore("data"), new ChatServer({ mail }).listen()].map(reasonOf)
    console.log(JSON.stringify([status, ...(await Promise.all(reasons))]))
  }
  main().then(() => process.exit())`

describe.each(["mjs", "cjs"] as const)("the packed package, imported from a .%s file", (kind) => {
  it("works in Node, with the WebSocket of ws", async () => {
    const file = project.write(`main.${kind}`, IMPORTS[kind] + PROGRAM)
    expect(await runNode(["--no-warnings", file])).toEqual({ ...EXPECTED, headers: "fine" })
  })

  it.each(["browser", "react-native", "workerd", "bun", "deno"])("works with the condition %s", async (condition) => {
    const file = project.write(`main.${kind}`, IMPORTS[kind] + PROGRAM)
    const result = await runNode(["--no-warnings", "--conditions", condition, file])
    expect(result).toEqual({ ...EXPECTED, headers: "bad_option" })
  })

  it("serves a chat without lmdb and nodemailer, and names the command that brings them", async () => {
    const imports =
      kind === "mjs"
        ? `import ${CHAT_NAMES} from "rookery/chat/server"`
        : `const ${CHAT_NAMES} = require("rookery/chat/server")`
    const file = project.write(`chat.${kind}`, imports + CHAT)
    expect(await runNode(["--no-warnings", file])).toEqual([
      200,
      ["bad_option", expect.stringContaining("npm install lmdb")],
      ["bad_option", expect.stringContaining("npm install nodemailer")],
    ])
  })

  it("keeps what is not an entry point to itself", async () => {
    const load = kind === "mjs" ? "await import" : "require"
    const program = `try { ${load}("rookery/dist/errors.js") } catch (error) { console.log(JSON.stringify(error.code)) }`
    const file = project.write(`deep.${kind}`, program)
    expect(await runNode([file])).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED")
  })
})

describe("the packed package", () => {
  it("holds what it needs and nothing that only its makers need", () => {
    const root = readdirSync(join(project.folder, "node_modules/rookery"))
    expect(root.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "dist", "lib", "package.json", "templates"])
  })

  it("has every file that its manifest names", () => {
    const root = join(project.folder, "node_modules/rookery")
    const manifest = readFileSync(join(root, "package.json"), "utf8")
    const named = [...manifest.matchAll(/"((?:\.\/)?(?:dist|lib)\/[^"]+)"/g)].map(([, path]) => path ?? "")
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('has an entry point for every path that React Native looks up without "exports"', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<
      string,
      Record<string, object>
    >
    const { main, exports = {}, "react-native": fields = {} } = manifest as typeof manifest & { main: string }
    const here = (file: unknown): boolean => JSON.stringify(exports["."]).includes(`"react-native":"${String(file)}"`)
    for (const [path, file] of Object.entries(fields)) {
      const isThere = path === main ? here(file) : JSON.stringify(exports[path])?.includes(`"${String(file)}"`)
      expect(isThere, path).toBe(true)
    }
    const forNode = ["inspect", "server", "server/node", "testing", "redis", "chat/server", "package.json"].map(
      (name) => `./${name}`,
    )
    expect([...Object.keys(fields), ...forNode].sort()).toEqual([main, ...Object.keys(exports).slice(1)].sort())
  })

  it("names every entry point that there is", () => {
    const { exports, bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<string, object>
    const entries = readdirSync(join(ROOT, "lib")).filter((name) => name.endsWith(".ts"))
    expect(entries).toContain("index.ts")
    const named = JSON.stringify([exports, bin])
    expect(entries.filter((name) => !named.includes(`dist/${name.replace(/ts$/, "js")}"`))).toEqual([])
  })

  it("has the sources that its source maps name", () => {
    const dist = join(project.folder, "node_modules/rookery/dist")
    const maps = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".map"))
    expect(maps.length).toBeGreaterThan(6)
    for (const name of maps) {
      const { sources } = JSON.parse(readFileSync(join(dist, name), "utf8")) as { sources: string[] }
      expect(sources.filter((source) => !existsSync(join(dist, dirname(name), source)))).toEqual([])
    }
  })

  it("leaves no trace in a bundle that does not use it", async () => {
    const { bytes } = await bundle(
      'import { Socket } from "rookery"; import "rookery/msgpack"; import "rookery/phoenix"',
      {
        stdin: { contents: 'import { Socket } from "rookery"; import "rookery/msgpack"', resolveDir: project.folder },
        absWorkingDir: project.folder,
        logLevel: "error",
      },
    )
    expect(bytes).toBe(0)
  })
})

const TYPED = `
type Topics = {
  "room:*": {
    params: { name: string }
    joined: { members: string[] }
    receives: { new_msg: { text: string } }
    sends: { new_msg: { payload: { text: string }; ok: { id: string } } }
  }
}
export async function chat(): Promise<string> {
  await using socket = new Socket<Topics>("wss://example.com/socket", { serializer: msgpack() })
  const room = await socket.join("room:lobby", { name: "Ada" })
  room.on("new_msg", ({ text }) => text.toUpperCase())
  // @ts-expect-error the contract knows no such event
  room.push("no_such_event", {})
  const { id } = await room.push("new_msg", { text: "hi" })
  return id
}
export const codeOf = (error: unknown): RookeryError["code"] | undefined =>
  error instanceof TimeoutError ? error.code : error instanceof RookeryError ? error.code : undefined
`
const TYPED_IMPORTS = `
import { RookeryError, Socket, TimeoutError } from "rookery"
import { msgpack } from "rookery/msgpack"
`

const SERVER = `
import { Endpoint, Refused, json } from "rookery/server"
type Topics = {
  "room:*": { joined: { members: number }; sends: { new_msg: { payload: { text: string }; ok: { id: number } } } }
}
export const endpoint: Endpoint<Topics> = new Endpoint<Topics>({ path: "/socket", serializers: [json()] })
endpoint.channel("room:*", {
  join: ({ topic }) => {
    if (topic === "room:secret") throw new Refused({ reason: "unauthorized" })
    return { members: 1 }
  },
  receive: { new_msg: ({ text }) => ({ id: text.length }) },
})
`

const WITH_PHOENIX = `
import { Socket } from "phoenix"
import { longPoll } from "rookery"
import { msgpack } from "rookery/msgpack"
import { phoenixOptions } from "rookery/phoenix"
export const socket: Socket = new Socket("/socket", {
  ...phoenixOptions({ serializer: msgpack(), transport: longPoll() }),
  params: { token: "a" },
})
`

const WITH_REACT = `
import { createHooks, type ChannelView } from "rookery/react"
type Topics = { "room:*": { params: { name: string }; sends: { new_msg: { payload: { text: string } } } } }
const { SocketProvider, useChannel, usePush } = createHooks<Topics>()
const Button = ({ room }: { room: ChannelView<Topics["room:*"]> }) => {
  const push = usePush(room)
  // @ts-expect-error the contract knows no such event
  return <button onClick={() => push("new_msg", { text: "hi" })} onBlur={() => push("no_such_event")} />
}
const Room = () => <Button room={useChannel("room:lobby", { name: "Ada" })} />
export const App = () => <SocketProvider endPoint="/socket"><Room /></SocketProvider>
`

describe("the types of the packed package", () => {
  const { ModuleKind: Kind, ModuleResolutionKind: Resolution } = ts
  const web = { lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] }
  const server = { lib: ["lib.es2022.d.ts"], types: ["node"] }

  /** The compiler's findings in files of one program. A program for each file would read the same libraries anew. */
  const compile = (files: Readonly<Record<string, string>>, options: ts.CompilerOptions): string[] => {
    const paths = Object.entries(files).map(([file, code]) => project.write(file, code))
    const program = ts.createProgram(paths, {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      skipDefaultLibCheck: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      jsx: ts.JsxEmit.ReactJSX,
      typeRoots: [join(project.folder, "node_modules/@types")],
      ignoreDeprecations: "6.0",
      ...options,
    })
    return ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ file: at, messageText }) => `${at?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
      )
  }

  const bundler = { module: Kind.ESNext, moduleResolution: Resolution.Bundler }
  const node16 = { module: Kind.Node16, moduleResolution: Resolution.Node16 }
  const nodenext = { module: Kind.NodeNext, moduleResolution: Resolution.NodeNext }
  const node10 = { module: Kind.CommonJS, moduleResolution: Resolution.Node10 }
  const user = TYPED_IMPORTS + TYPED

  it.each<[string, ts.CompilerOptions, Record<string, string>]>([
    [
      "a page by a bundler, with React and beside the official client",
      { ...bundler, ...web },
      { "user.ts": user, "app.tsx": WITH_REACT, "with-phoenix.ts": WITH_PHOENIX },
    ],
    ["a server by a bundler", { ...bundler, ...server }, { "user.ts": user, "server.ts": SERVER }],
    [
      "a page by node16, in ES modules, in CommonJS, and with React",
      { ...node16, ...web },
      { "user.mts": user, "user.cts": user, "app.tsx": WITH_REACT },
    ],
    [
      "a server by node16, in ES modules and in CommonJS",
      { ...node16, ...server },
      { "server.mts": SERVER, "server.cts": SERVER },
    ],
    ["a service by nodenext", { ...nodenext, ...server }, { "user.mts": user }],
    ["a page by node10, with React", { ...node10, ...web }, { "user.ts": user, "app.tsx": WITH_REACT }],
  ])("compile for %s", (_name, options, files) => {
    expect(compile(files, options)).toEqual([])
  })
})
