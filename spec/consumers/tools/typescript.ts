import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { demand, node, same, type Consumer } from "../consumer.js"
import { TALKED, type Place, type Stage } from "../stage.js"

const TALK = readFileSync(fileURLToPath(new URL("../talk.ts", import.meta.url)), "utf8")

const MAIN = `import { talk } from "./talk.js"
void talk(process.argv[2] ?? "").then((said) => console.log(JSON.stringify(said)))
`

const SERVER = `import { contract, Endpoint, Refused } from "rookery/server"
import { ChannelTest } from "rookery/testing"
type Topics = { "room:*": { sends: { new_msg: { payload: { text: string }; ok: { length: number } } } } }
export const endpoint = new Endpoint({ topics: contract<Topics>() })
endpoint.channel("room:*", {
  receive: {
    new_msg: ({ text }) => {
      if (text === "") throw new Refused({ reason: "empty" })
      return { length: text.length }
    },
  },
})
export type { ChatClient } from "rookery/chat"
export type { ChatServer } from "rookery/chat/server"
export type { PhoenixOptions } from "rookery/phoenix"
export type { RedisOptions } from "rookery/redis"
export const test = (): ChannelTest<Topics> => new ChannelTest(endpoint)
`

/** One mistake per line of code, so that the compiler's line numbers tell which. */
const MISTAKES = `import { Socket } from "rookery"
import { contract, Endpoint } from "rookery/server"
type Topics = { "room:*": { params: { name: string }; sends: { new_msg: { payload: { text: string } } } } }
const socket = new Socket<Topics>("/socket")
const room = socket.channel("room:lobby", { name: "Ada" })
socket.channel("rom:lobby", { name: "Ada" })
socket.channel("room:lobby", { nam: "Ada" })
room.push("nwe_msg", { text: "hi" })
room.push("new_msg", { text: 1 })
new Socket("/socket", { heartbeatInterval: 1 })
new Endpoint({ topics: contract<Topics>() }).channel("room:*", { recieve: {} })
new Endpoint({ topics: contract<Topics>() }).channel("room:*", { receive: { new_msg: ({ txt }) => ({ txt }) } })
`
const FIRST_MISTAKE = 6

const OPTIONS = {
  target: "es2022",
  lib: ["es2022", "dom"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: false,
  skipLibCheck: false,
  outDir: "out",
  rootDir: "src",
}

/** The kinds of projects, with their options in \`tsconfig.json\` and their manifest. */
const PROJECTS: Record<string, [options: object, manifest: object]> = {
  "moduleResolution bundler": [{ module: "esnext", moduleResolution: "bundler" }, { type: "module" }],
  "node16, ES modules": [{ module: "node16", moduleResolution: "node16" }, { type: "module" }],
  "node16, CommonJS": [{ module: "node16", moduleResolution: "node16" }, { type: "commonjs" }],
  "nodenext, ES modules": [{ module: "nodenext", moduleResolution: "nodenext" }, { type: "module" }],
}

/** TypeScript of one version. */
export function typescript(version: string, quick: boolean): Consumer {
  const compile = ({ folder }: Place, project: string): ReturnType<typeof node> =>
    node(["node_modules/typescript/bin/tsc", "--project", project, "--pretty", "false"], folder)

  const shows = (stage: Stage): Record<string, () => Promise<void>> => {
    const places: Place[] = []
    const compiles = Object.entries(PROJECTS).map(([name, [options, manifest]]) => {
      const show = async (): Promise<void> => {
        const packages = [`typescript@${version}`, "@types/node@20.19.43"]
        const place = await stage.project(`typescript-${version}-${places.length}`, packages, manifest)
        places.push(place)
        const config = { compilerOptions: { ...OPTIONS, ...options }, include: ["src"], exclude: ["src/mistakes.ts"] }
        place.write({
          "tsconfig.json": JSON.stringify(config),
          "mistakes.json": JSON.stringify({ ...config, include: ["src/mistakes.ts"], exclude: [] }),
          "src/talk.ts": TALK,
          "src/main.ts": MAIN,
          "src/server.ts": SERVER,
          "src/mistakes.ts": MISTAKES,
        })
        const { code, output } = await compile(place, "tsconfig.json")
        demand(code === 0 && output === "", output)
        const ran = await node(["out/main.js", await stage.url()], place.folder)
        same(ran.output.trim(), JSON.stringify(TALKED))
      }
      return [`compiles and runs: ${name}`, show] as const
    })
    return {
      ...Object.fromEntries(compiles),
      "points at every mistake in the user's own line, and at nothing else": async () => {
        // The projects for bundlers, and those of CommonJS.
        for (const place of [places[0], places[2]]) {
          demand(place !== undefined, "there is no project")
          const { output } = await compile(place, "mistakes.json")
          const lines = [...output.matchAll(/^(\S+)\((\d+),\d+\): error/gm)].map(([, file, line]) => `${file}:${line}`)
          const made = MISTAKES.trim()
            .split("\n")
            .slice(FIRST_MISTAKE - 1)
          same(
            lines,
            made.map((_, i) => `src/mistakes.ts:${FIRST_MISTAKE + i}`),
          )
        }
      },
    }
  }
  return { name: `TypeScript ${version}`, quick, version: () => version, shows }
}
