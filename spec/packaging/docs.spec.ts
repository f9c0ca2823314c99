import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { Program } from "../support/program.js"
import { HAS_REDIS, RedisServer } from "../support/redis-server.js"
import { ROOT } from "./build.js"
import { DocumentProject, withGuide } from "./document-project.js"
import { DOCUMENTS, problemsOf, textOf } from "./examples.js"

/** The document whose examples testing.spec.ts runs as tests. */
const RUN_ELSEWHERE = "docs/TESTING.md"

const needsRedis = (code: string): boolean => code.includes("redis://")

const RUNNABLE = DOCUMENTS.filter(
  (name) => name !== RUN_ELSEWHERE && withGuide(name).some(({ runs, name }) => runs && name !== "server.ts"),
)

const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-")

describe("the documents", () => {
  it("have examples that compile as they stand", () => {
    const examples = DOCUMENTS.flatMap((document) => {
      const folder = document.replaceAll("/", "-").replace(/\.md$/, "")
      return withGuide(document).map(({ name, code }) => ({ name: `${folder}/${name}`, code }))
    })
    expect(examples.length).toBeGreaterThan(30)
    expect(problemsOf(examples)).toEqual([])
  })

  it.each(DOCUMENTS)("lead nowhere that is not there: %s", (document) => {
    const text = textOf(document).replaceAll(/^```[\s\S]*?^```/gm, "")
    const links = [...text.matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)/g)]
    const broken = links.filter(([, path = "", anchor]) => {
      const file = path === "" ? document : join(dirname(document), path)
      if (!existsSync(join(ROOT, file))) return true
      if (anchor === undefined) return false
      return ![...textOf(file).matchAll(/^#+ (.+)$/gm)].some(([, heading = ""]) => anchorOf(heading) === anchor)
    })
    expect(broken.map(([link]) => link)).toEqual([])
    expect(text).not.toMatch(/\t/)
  })
})

describe.each(RUNNABLE)("the examples of %s", (document) => {
  let project: DocumentProject
  let server: Program | undefined
  let redis: RedisServer | undefined
  beforeAll(async () => {
    const ports = new Map<string, number>()
    if (HAS_REDIS && withGuide(document).some(({ code, runs }) => runs && needsRedis(code))) {
      redis = await RedisServer.start()
      ports.set("6379", redis.port)
    }
    project = await DocumentProject.create(document, ports)
    if (!project.examples.some(({ name }) => name === "server.ts")) return
    server = project.run({ name: "server.ts" }, true)
    await server.printed(/^\[through\]$/)
  })
  let running: Program | undefined
  // The end of a test kills an example that hangs.
  afterEach(() => running?.kill())
  afterAll(async () => {
    await server?.kill()
    await redis?.[Symbol.asyncDispose]()
    project.remove()
  })

  const runnable = withGuide(document).filter(
    ({ runs, name, code }) => runs && name !== "server.ts" && (HAS_REDIS || !needsRedis(code)),
  )
  it.each(runnable.map((example, i) => [i + 1, example] as const))("run to their end: %i", async (_i, example) => {
    const program = (running = project.run(example))
    const exit = await program.ended()
    expect(exit, `${example.code}\n${program.output}\n${server?.output}`).toBe(0)
  })
})
