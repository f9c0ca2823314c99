import { transformSync } from "esbuild"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { Program } from "../support/program.js"
import { bundle } from "./bundle.js"
import { DocumentProject } from "./document-project.js"

let guide: DocumentProject
beforeAll(async () => {
  guide = await DocumentProject.create("docs/GUIDE.md", new Map())
})
afterAll(() => guide.remove())

const running: Program[] = []
const start = (name: string, ...args: string[]): Program => {
  const program = guide.run({ name }, true, ...args)
  running.push(program)
  return program
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.kill()))
})

const server = async (): Promise<Program> => {
  const program = start("server.ts")
  await program.printed(/^The chat listens at ws:\/\/localhost:\d+\/socket$/)
  return program
}

const client = async (name: string): Promise<Program> => {
  const program = start("client.ts", name)
  await program.printed(new RegExp(`^\\* hello, ${name}$`))
  return program
}

describe("the chat of the guide", () => {
  it("carries what one types to the other, refuses what is empty, and says who is there", async () => {
    await server()
    const ada = await client("Ada")
    const bob = await client("Bob")
    await ada.printed(/^\* here: Ada, Bob$/)
    ada.type("hi")
    await bob.printed(/^Ada: hi$/)
    bob.type("")
    await bob.printed(/^! empty$/)
    await bob.kill("SIGKILL")
    const [line] = await ada.printed(/^\* here: Ada$/)
    expect(line).toBe("* here: Ada")
  })

  it("goes on when its server is back, with what was typed meanwhile", async () => {
    const first = await server()
    const ada = await client("Ada")
    await first.kill()
    await ada.printed(/^\* reconnecting$/)
    ada.type("still here")
    await server()
    await ada.printed(/^\* connected$/)
    const [line] = await ada.printed(/^Ada: still here$/)
    expect(line).toBe("Ada: still here")
  })

  it("has a page that bundles for a browser", async () => {
    const page = guide.examples.find(({ name }) => name === "page.ts")?.code ?? ""
    const { code } = await bundle(transformSync(page, { loader: "ts" }).code)
    expect(code).toContain("/websocket")
  })
})
