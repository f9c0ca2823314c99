import { execFileSync, spawnSync } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, readdirSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import * as phoenix from "phoenix"
import parseMetrics from "parse-prometheus-text-format"
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { WebSocket } from "ws"
import { parseAllDocuments } from "yaml"
import { Program } from "../support/program.js"
import { PROXIES, ProxyTrial } from "../support/proxies.js"
import { ROOT } from "./build.js"
import { textOf } from "./examples.js"
import { installPacked, type Project } from "./installed.js"

const FOLDER = "examples/deploy"
const FILES = readdirSync(join(ROOT, FOLDER))
const dockerfile = textOf(`${FOLDER}/Dockerfile`)
const source = textOf(`${FOLDER}/main.ts`)

const found = (pattern: RegExp, text: string): string => pattern.exec(text)?.[1] ?? `no ${pattern}`
const foundAll = (pattern: RegExp, text: string): string[] => [...text.matchAll(pattern)].map(([, it = ""]) => it)

const PORT = found(/\bPORT = "(\d+)"/, source)
const METRICS_PORT = found(/METRICS_PORT = "(\d+)"/, source)
const DRAIN_MS = Number(found(/DRAIN_MS = ([\d_]+)/, source).replaceAll("_", ""))
/** The interval of the heartbeat of every client of Phoenix, in seconds. */
const HEARTBEAT_S = 30

/** The command of an instruction of the Dockerfile, with the Node of this machine. */
const commandOf = (pattern: RegExp): string[] =>
  (JSON.parse(found(pattern, dockerfile)) as string[]).map((word) => (word === "node" ? process.execPath : word))

/** The files that the Dockerfile copies from the folder, as patterns. */
const COPIED = foundAll(/^COPY (?!--from)(.+) \.\/$/gm, dockerfile).flatMap((patterns) => patterns.split(" "))
const isCopied = (name: string): boolean =>
  COPIED.some((pattern) => new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(name))

let project: Project
beforeAll(async () => {
  const packages = ["mitt", "msgpackr", "msgpackr-extract", "redis", "ws", "@types/node", "typescript"]
  project = await installPacked(packages)
  for (const name of FILES.filter(isCopied)) copyFileSync(join(ROOT, FOLDER, name), join(project.folder, name))
  const { scripts } = JSON.parse(textOf(`${FOLDER}/package.json`)) as { scripts: { build: string } }
  const [tool = "", ...args] = scripts.build.split(" ")
  const compiler = join(project.folder, "node_modules/typescript/bin", tool)
  execFileSync(process.execPath, [compiler, ...args], { cwd: project.folder, stdio: "inherit" })
})
afterAll(() => project.remove())

const running: Program[] = []
const sockets: phoenix.Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect()
  await Promise.all(running.splice(0).map((program) => program.kill()))
})

interface Server {
  readonly program: Program
  readonly port: number
  readonly metricsPort: number
}

/** Starts the server as the image does, at free ports. */
async function serve(env: Record<string, string> = {}): Promise<Server> {
  const [file = "", ...args] = commandOf(/^CMD (\[.*\])$/m)
  const program = new Program(file, args, { PORT: "0", METRICS_PORT: "0", ...env }, project.folder)
  running.push(program)
  const [, port, metricsPort] = await program.printed(/"listens on port (\d+), for metrics on port (\d+)"/)
  return { program, port: Number(port), metricsPort: Number(metricsPort) }
}

const statusOf = async (port: number, path: string): Promise<number> =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).status

/** Comes from another address than the proxy, where a machine has more than one of its own, and claims a third. */
const ADDRESS = process.platform === "linux" ? "127.0.0.2" : "127.0.0.1"
class FromElsewhere extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, { localAddress: ADDRESS, headers: { "x-forwarded-for": "203.0.113.9" } })
  }
}

/** Lets a process exit only once it is typed into, so that it can be asked as long as it takes. */
const HELD_EXIT = encodeURIComponent(`
  const { exit } = process
  process.exit = (code) => process.stdin.once("data", () => exit(code))
`)

const WAYS: readonly [way: string, transport: unknown, address: string][] = [
  ["websocket", FromElsewhere, ADDRESS],
  ["long-poll", phoenix.LongPoll, "127.0.0.1"],
]

/** Joins by the official client, says something, and returns the reply to the join and what the room then hears. */
async function talk(port: number, transport: unknown): Promise<{ joined: unknown; heard: unknown }> {
  const options = { transport } as Partial<phoenix.SocketConnectOption>
  const socket = new phoenix.Socket(`ws://127.0.0.1:${port}/socket`, options)
  sockets.push(socket)
  socket.connect()
  const room = socket.channel("room:lobby")
  const heard = new Promise((resolve) => room.on("shout", resolve))
  const joined = await new Promise((resolve) => room.join().receive("ok", resolve))
  room.push("shout", { text: "hello" })
  return { joined, heard: await heard }
}

describe("the server of examples/deploy, built and started as its image does", () => {
  it("answers for its health, whether it is ready, and its metrics at a port of their own", async () => {
    const { port, metricsPort } = await serve()
    expect(await statusOf(port, "/health")).toBe(200)
    expect(await statusOf(port, "/ready")).toBe(200)
    expect(await statusOf(port, "/metrics")).toBe(404)
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    expect(parseMetrics(text).map(({ name }) => name)).toContain("rookery_sockets")
  })

  it.each(WAYS)("serves a client over %s, and believes no address that it claims", async (_way, transport, address) => {
    const { port } = await serve()
    expect(await talk(port, transport)).toEqual({ joined: { address }, heard: { text: "hello" } })
  })

  it("is not ready while it drains, lets nobody in, tells its clients, and ends with 0", async () => {
    const { program, port } = await serve({ NODE_OPTIONS: `--import data:text/javascript,${HELD_EXIT}` })
    const client = new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?vsn=2.0.0`)
    await once(client, "open")
    const closed = once(client, "close")
    const ended = program.kill("SIGTERM")
    const [, drainMs] = await program.printed(/"drains for at most (\d+) ms"/)
    expect(Number(drainMs)).toBe(DRAIN_MS)
    expect(await statusOf(port, "/ready")).toBe(503)
    expect(await statusOf(port, "/health")).toBe(200)
    expect(await statusOf(port, "/socket/longpoll?vsn=2.0.0")).toBeGreaterThanOrEqual(400)
    expect(await closed).toEqual([1012, expect.anything()])
    program.type("")
    expect(await ended).toBe(0)
  })

  it("is healthy to the image's check as long as it runs", async () => {
    const { program, port } = await serve()
    const [file = "", ...args] = commandOf(/^HEALTHCHECK .*\\\n +CMD (\[.*\])$/m)
    const check = (): number | null =>
      spawnSync(file, args, { env: { ...process.env, PORT: String(port) }, stdio: "inherit" }).status
    expect(check()).toBe(0)
    await program.kill()
    expect(check()).toBe(1)
  })
})

interface Container {
  readonly ports: readonly { name: string; containerPort: number }[]
  readonly env: readonly { name: string; value?: string }[]
  readonly readinessProbe: { httpGet: { path: string; port: string } }
  readonly livenessProbe: { httpGet: { path: string; port: string } }
  readonly lifecycle: { preStop: { exec: { command: string[] } } }
}

interface Deployment {
  readonly spec: {
    readonly selector: { matchLabels: object }
    readonly template: {
      readonly metadata: { labels: object; annotations: Record<string, string> }
      readonly spec: { terminationGracePeriodSeconds: number; containers: [Container] }
    }
  }
}

interface Service {
  readonly spec: { type: string; selector: object; sessionAffinity: string; ports: [{ targetPort: string }] }
}

describe("the configs of examples/deploy", () => {
  const documents = parseAllDocuments(textOf(`${FOLDER}/kubernetes.yaml`))
  const [deployment, service] = documents.map((document) => document.toJS() as unknown) as [Deployment, Service]
  const { template } = deployment.spec
  const [container] = template.spec.containers
  const nginx = textOf(`${FOLDER}/nginx.conf`)
  const fly = textOf(`${FOLDER}/fly.toml`)

  it("are Kubernetes's objects that fit together, without an error of YAML", () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
    expect([deployment, service]).toMatchObject([{ kind: "Deployment" }, { kind: "Service" }])
    expect(template.metadata.labels).toEqual(deployment.spec.selector.matchLabels)
    expect(service.spec.selector).toEqual(template.metadata.labels)
  })

  it("give the server longer to end than it takes", () => {
    const [sleep, seconds] = container.lifecycle.preStop.exec.command
    expect(sleep).toBe("sleep")
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + DRAIN_MS / 1000)
    expect(Number(found(/^kill_timeout = (\d+)$/m, fly))).toBeGreaterThan(DRAIN_MS / 1000)
    expect(fly).toMatch(/^kill_signal = "SIGTERM"$/m)
    expect(Number(found(/docker run --stop-timeout (\d+)/, dockerfile))).toBeGreaterThan(DRAIN_MS / 1000)
  })

  it("name the ports that the server listens on", () => {
    const named = { http: Number(PORT), metrics: Number(METRICS_PORT) }
    expect(found(/^ENV .*\bPORT=(\d+) METRICS/m, dockerfile)).toBe(PORT)
    expect(found(/^ENV .*METRICS_PORT=(\d+)/m, dockerfile)).toBe(METRICS_PORT)
    expect(found(/^EXPOSE (.+)$/m, dockerfile)).toBe(`${PORT} ${METRICS_PORT}`)
    expect(Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]))).toEqual(named)
    expect(container.env).toContainEqual({ name: "PORT", value: PORT })
    expect(container.env).toContainEqual({ name: "METRICS_PORT", value: METRICS_PORT })
    expect(template.metadata.annotations["prometheus.io/port"]).toBe(METRICS_PORT)
    expect(service.spec.ports[0].targetPort).toBe("http")
    expect(found(/^PORT = "(\d+)"$/m, fly)).toBe(PORT)
    expect(found(/^internal_port = (\d+)$/m, fly)).toBe(PORT)
    expect(found(/^METRICS_PORT = "(\d+)"$/m, fly)).toBe(METRICS_PORT)
    expect(found(/^\[metrics\]\nport = (\d+)$/m, fly)).toBe(METRICS_PORT)
    const behind = [PORT, String(Number(PORT) + 1)]
    expect(foundAll(/server 127\.0\.0\.1:(\d+);/g, nginx)).toEqual(behind)
    expect(foundAll(/127\.0\.0\.1:(\d+)/g, textOf(`${FOLDER}/Caddyfile`))).toEqual(behind)
  })

  it("ask the server by its own paths whether it is ready", () => {
    expect(container.readinessProbe.httpGet).toEqual({ path: "/ready", port: "http" })
    expect(container.livenessProbe.httpGet).toEqual({ path: "/health", port: "http" })
    expect(found(/\[\[http_service\.checks\]\]\npath = "(.+)"/, fly)).toBe("/ready")
    expect(textOf(`${FOLDER}/Caddyfile`)).toMatch(/health_uri \/ready\n/)
  })

  it("keep a client of long-poll at one server, and a silent websocket for longer than a heartbeat", () => {
    expect(service.spec.sessionAffinity).toBe("ClientIP")
    expect(Number(found(/proxy_read_timeout (\d+)s;/, nginx))).toBeGreaterThan(HEARTBEAT_S)
    expect(Number(found(/proxy_send_timeout (\d+)s;/, nginx))).toBeGreaterThan(HEARTBEAT_S)
  })

  it("let into the image what the Dockerfile copies, and nothing else", () => {
    const [first, ...let_in] = textOf(`${FOLDER}/.dockerignore`).trim().split("\n")
    expect(first).toBe("*")
    expect(let_in.map((pattern) => pattern.replace("!", ""))).toEqual(COPIED)
    expect(FILES.filter(isCopied)).toEqual(["main.ts", "package.json", "tsconfig.json"])
  })
})

/** Servers in the places of the two that the configs name. */
const inFrontOf = (one: number, other: number): ReadonlyMap<number, number> =>
  new Map([one, other].map((port, i) => [Number(PORT) + i, port]))

for (const { isInstalled, missing } of PROXIES) if (!isInstalled) console.warn(missing)

describe.each(PROXIES.map((proxy) => [proxy.name, proxy] as const))("%s, by its config", (name, { isInstalled }) => {
  it.skipIf(!isInstalled)("finds nothing wrong with it", async () => {
    const { code, output } = await new ProxyTrial(name).check()
    expect(code, output).toBe(0)
  })

  it.skipIf(!isInstalled).each(WAYS)(
    "passes a client on over %s, to one of two servers that share nothing, with its own address",
    async (_way, transport, address) => {
      const [one, other] = [await serve({ TRUST_PROXY: "1" }), await serve({ TRUST_PROXY: "1" })]
      const port = await new ProxyTrial(name).start(inFrontOf(one.port, other.port))
      expect(await talk(port, transport)).toEqual({ joined: { address }, heard: { text: "hello" } })
    },
  )

  it.skipIf(!isInstalled)("keeps what is for the operator to itself", async () => {
    const { port: behind } = await serve()
    expect(await (await fetch(`http://127.0.0.1:${behind}/health`)).text()).toBe("ok\n")
    const port = await new ProxyTrial(name).start(inFrontOf(behind, behind))
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).not.toBe("ok\n")
  })
})

describe("nginx, by its config, with a server that drains", () => {
  it.skipIf(!PROXIES.some(({ name, isInstalled }) => name === "nginx" && isInstalled))(
    "sends a new client to the other one",
    async () => {
      // The one that is asked first is the one that drains: nginx chooses by their ports, which are any.
      const asked: number[] = []
      const listen = async (number: number): Promise<number> => {
        const server = createServer((_request, response) => {
          asked.push(number)
          response.writeHead(asked.length === 1 ? 503 : 200).end()
        })
        onTestFinished(() => void server.close())
        await once(server.listen(0, "127.0.0.1"), "listening")
        return (server.address() as AddressInfo).port
      }
      const port = await new ProxyTrial("nginx").start(inFrontOf(await listen(1), await listen(2)))
      expect(await statusOf(port, "/socket/longpoll")).toBe(200)
      expect(asked.toSorted()).toEqual([1, 2])
    },
  )
})
