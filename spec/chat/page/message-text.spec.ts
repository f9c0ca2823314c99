import { describe, expect, it } from "vitest"
import { partsOf } from "../../../lib/chat/page/message-text.js"

const link = (text: string) => ({ kind: "link", text })
const code = (text: string) => ({ kind: "code", text })
const text = (text: string) => ({ kind: "text", text })

describe("the text of a message", () => {
  it("has links to pages, and no other addresses", () => {
    expect(partsOf("see https://example.com/a?b=c#d and http://localhost:8000")).toEqual([
      text("see "),
      link("https://example.com/a?b=c#d"),
      text(" and "),
      link("http://localhost:8000"),
    ])
    for (const other of [
      "javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "www.example.com",
      "https://",
    ]) {
      expect(partsOf(other)).toEqual([text(other)])
    }
  })

  it("leaves the punctuation of a sentence out of a link, and keeps brackets that the address opens", () => {
    expect(partsOf("(https://example.com/a).")).toEqual([text("("), link("https://example.com/a"), text(").")])
    expect(partsOf("{url(https://example.com/)}")[1]).toEqual(link("https://example.com/"))
    expect(partsOf("https://example.com/a_(b)!")).toEqual([link("https://example.com/a_(b)"), text("!")])
  })

  it("ends a link at a quote or an angle bracket", () => {
    expect(partsOf(`https://example.com/"onclick="x`)[0]).toEqual(link("https://example.com/"))
    expect(partsOf("https://example.com/<b>")[0]).toEqual(link("https://example.com/"))
  })

  it("has code between backticks on one line, in which nothing is a link", () => {
    expect(partsOf("run `curl https://example.com` now")).toEqual([
      text("run "),
      code("curl https://example.com"),
      text(" now"),
    ])
    expect(partsOf("a ` b\nc ` d")).toEqual([text("a ` b\nc ` d")])
    expect(partsOf("``")).toEqual([text("``")])
  })

  it("keeps every character but the backticks of code", () => {
    for (const content of [
      "",
      "plain",
      "a\n\nb",
      "`a``b` https://example.com.",
      "<script>https://example.com</script>",
    ]) {
      const joined = partsOf(content).map(({ kind, text }) => (kind === "code" ? `\`${text}\`` : text))
      expect(joined.join("")).toBe(content)
    }
  })
})
