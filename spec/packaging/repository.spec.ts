import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { NAMED_IN, pageOf, setRepository } from "../../build/set-repository.js"
import { ROOT } from "./build.js"
import { DOCUMENTS, textOf } from "./examples.js"

describe("npm run set-repository", () => {
  const folder = mkdtempSync(join(tmpdir(), "rookery-repository-"))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it("changes every place that names the repository, and can be run again", () => {
    for (const file of NAMED_IN) cpSync(join(ROOT, file), join(folder, file))
    const former = setRepository(folder, "git@github.com:ada/rookery.git")
    expect(setRepository(folder, "https://github.com/grace/rookery/")).toBe("https://github.com/ada/rookery")
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    expect(manifest).toMatchObject({
      repository: { type: "git", url: "git+https://github.com/grace/rookery.git" },
      homepage: "https://github.com/grace/rookery#readme",
      bugs: "https://github.com/grace/rookery/issues",
    })
    for (const file of NAMED_IN) {
      const text = readFileSync(join(folder, file), "utf8")
      expect(text, file).toContain("https://github.com/grace/rookery")
      expect(text, file).not.toContain(former)
    }
  })

  it.each(["", "rookery", "http://github.com/ada/rookery", "https://github.com", "https://github.com/ada/a b"])(
    "refuses what is no URL of a repository: %j",
    (url) => {
      expect(() => pageOf(url)).toThrow("is no URL of a repository")
    },
  )

  it("knows every file that names the repository", () => {
    const { homepage } = JSON.parse(textOf("package.json")) as { homepage: string }
    const naming = [...DOCUMENTS, "SECURITY.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md", "llms.txt"].filter((file) =>
      textOf(file).includes(pageOf(homepage)),
    )
    expect(naming.filter((file) => !NAMED_IN.includes(file))).toEqual([])
  })
})

describe("the workflows", () => {
  const ci = textOf(".github/workflows/ci.yml")
  const release = textOf(".github/workflows/release.yml")

  it("run the two commands of the README on every version of Node that is supported", () => {
    expect(ci).toContain("node: [20, 22, 24, 26]")
    expect(ci).toContain("npm install && npm test")
    expect(ci).toContain("npm install && npm start")
    expect(textOf("package.json")).toContain('"node": ">=20')
  })

  it("publish with provenance, after the tests, and only from a tag of that version", () => {
    expect(release).toMatch(/tags: \["v\*"\]/)
    expect(release).toContain("id-token: write")
    expect(release.indexOf("npm publish --provenance")).toBeGreaterThan(release.indexOf("npm install && npm test"))
    expect(release).toContain('= "$GITHUB_REF_NAME"')
  })

  it("give their token no right to write, and leave it to no later step", () => {
    for (const workflow of [ci, release]) {
      expect(workflow).toMatch(/^permissions:\n {2}contents: read$/m)
      expect(workflow.match(/actions\/checkout/g)?.length).toBe(workflow.match(/persist-credentials: false/g)?.length)
    }
  })
})

describe("llms.txt", () => {
  it("leads to every document, and nowhere else", () => {
    const links = [...textOf("llms.txt").matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path)
    const documents = DOCUMENTS.filter((name) => !name.startsWith("docs/decisions/") || name.endsWith("README.md"))
    expect([...links].sort()).toEqual([...documents, "SECURITY.md", "CHANGELOG.md"].sort())
  })
})
