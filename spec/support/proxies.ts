import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"
import { freePort } from "./free-port.js"
import { IS_BARE } from "./machine.js"
import { Program } from "./program.js"

const DEPLOY = fileURLToPath(new URL("../../examples/deploy/", import.meta.url))

/** A proxy that has a config in examples/deploy. */
interface Kind {
  readonly file: string
  /** The Debian package that has the proxy. */
  readonly install: string
  readonly isInstalled: boolean
  /** The config for a test: the proxy listens at this port, and writes into this folder only. */
  adapt(config: string, port: number, folder: string): string
  /** The config that the proxy itself checks. */
  toCheck(config: string, folder: string): string
  readonly check: (path: string) => readonly [program: string, ...args: string[]]
  readonly run: (path: string) => readonly [program: string, ...args: string[]]
  /** The line that the proxy prints once it listens. */
  readonly listens: RegExp
}

const works = (program: string, ...args: string[]): boolean => !IS_BARE && spawnSync(program, args).status === 0

/** The folders for temporary files that this nginx was built with, as directives that move them. */
function movedFolders(folder: string): string {
  const { stderr } = spawnSync("nginx", ["-V"], { encoding: "utf8" })
  const names = [...stderr.matchAll(/--http-([\w-]+)-temp-path=/g)].map(([, name = ""]) => name.replaceAll("-", "_"))
  return names.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")
}

function forNginx(config: string, port: number, folder: string): string {
  const global = `daemon off; pid ${folder}/pid; error_log stderr notice;`
  const http = `http { access_log off; ${movedFolders(folder)}`
  return `${global}\n${config.replace("http {", http).replace("listen 8080;", `listen 127.0.0.1:${port};`)}`
}

const KINDS: Readonly<Record<ProxyName, Kind>> = {
  nginx: {
    file: "nginx.conf",
    install: "nginx-light",
    // Before 1.19.5 nginx always opens the log of the system, which has to exist.
    isInstalled: works("nginx", "-e", "stderr", "-v"),
    adapt: forNginx,
    // nginx opens the files that its config names, and only root may open those of the system.
    toCheck: (config, folder) => forNginx(config, 8080, folder),
    check: (path) => ["nginx", "-e", "stderr", "-t", "-c", path],
    run: (path) => ["nginx", "-e", "stderr", "-c", path],
    listens: /start worker process \d/,
  },
  Caddy: {
    file: "Caddyfile",
    install: "caddy",
    isInstalled: works("caddy", "version"),
    // Without TLS, for which Caddy would ask for a certificate, and without its API at a port of its own.
    adapt: (config, port) => `{\n\tadmin off\n}\n${config.replace("example.com {", `http://127.0.0.1:${port} {`)}`,
    toCheck: (config) => config,
    check: (path) => ["caddy", "validate", "--adapter", "caddyfile", "--config", path],
    run: (path) => ["caddy", "run", "--adapter", "caddyfile", "--config", path],
    listens: /serving initial configuration/,
  },
}

export type ProxyName = "nginx" | "Caddy"

/** The proxies whose configs can be tried, and the note for one that is not installed. */
export const PROXIES: readonly { readonly name: ProxyName; readonly isInstalled: boolean; readonly missing: string }[] =
  (["nginx", "Caddy"] as const).map((name) => {
    const { file, install, isInstalled } = KINDS[name]
    const missing = `The spec of examples/deploy/${file} is skipped: install ${install} (apt-get install ${install}).`
    return { name, isInstalled, missing }
  })

/** A config of examples/deploy, tried by its proxy on this machine. The end of the test ends the proxy. */
export class ProxyTrial {
  readonly #kind: Kind
  readonly #config: string
  readonly #folder = mkdtempSync(join(tmpdir(), "rookery-proxy-"))
  #program: Program | undefined

  constructor(name: ProxyName) {
    this.#kind = KINDS[name]
    this.#config = readFileSync(join(DEPLOY, this.#kind.file), "utf8")
    // The workers of an nginx that root starts belong to another user.
    chmodSync(this.#folder, 0o755)
    onTestFinished(async () => {
      await this.#program?.kill()
      rmSync(this.#folder, { recursive: true, force: true })
    })
  }

  /** Lets the proxy check the config, and returns its exit code and what it printed. */
  async check(): Promise<{ code: number | NodeJS.Signals | null; output: string }> {
    const program = this.#start(this.#kind.check(this.#write(this.#kind.toCheck(this.#config, this.#folder))))
    const code = await program.ended()
    return { code, output: program.output }
  }

  /** Starts the proxy at a free port, in front of servers at other ports than those of the config. Returns its port. */
  async start(servers: ReadonlyMap<number, number>): Promise<number> {
    const port = await freePort()
    let config = this.#kind.adapt(this.#config, port, this.#folder)
    for (const [named, real] of servers) config = config.replaceAll(`127.0.0.1:${named}`, `127.0.0.1:${real}`)
    const program = this.#start(this.#kind.run(this.#write(config)))
    await program.printed(this.#kind.listens)
    return port
  }

  #start([program, ...args]: readonly [string, ...string[]]): Program {
    // Caddy keeps its state in these two.
    return (this.#program = new Program(program, args, { XDG_DATA_HOME: this.#folder, XDG_CONFIG_HOME: this.#folder }))
  }

  #write(config: string): string {
    const path = join(this.#folder, this.#kind.file)
    writeFileSync(path, config)
    return path
  }
}
