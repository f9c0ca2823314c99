import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { describeInBrowser } from "./stage.js"
import type { Visitor } from "./visitor.js"

const PAGE = fileURLToPath(new URL("../../lib/chat/page", import.meta.url))

/** Texts that would run as code if the page took them for markup. */
const MARKUP = [
  `<script>window.hacked = 1</script>`,
  `"><img src=x onerror="window.hacked = 2">`,
  `<a href="javascript:window.hacked=3" id=trap>click me</a>`,
  `<iframe srcdoc="<script>parent.hacked = 4</script>"></iframe>`,
  `<svg><animate onbegin=window.hacked=5 attributeName=x dur=1s></svg>`,
  `<form action="https://evil.test"><button>Log in</button></form>`,
  `<base href="https://evil.test/">`,
  `<style>*{background:url(https://evil.test/)}</style>`,
  `javascript:window.hacked=6`,
  `[click me](javascript:window.hacked=7)`,
  `https://evil.test/?a=<b>"onmouseover=window.hacked=8 x="`,
  `{{constructor.constructor("window.hacked = 9")()}} \${window.hacked = 10}`,
]

/** Checks that the log has only the elements that the page itself makes. */
async function expectText({ page }: Visitor): Promise<void> {
  expect(await page.evaluate(() => "hacked" in window)).toBe(false)
  const log = page.locator("#log")
  expect(await log.locator("script, img, iframe, style, base, form, svg, object, embed, link").count()).toBe(0)
  const links = await log
    .locator("a")
    .evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.getAttributeNames()]))
  for (const [href, names] of links) {
    expect(href).toMatch(/^https:\/\/evil\.test\/?(?:\?a=)?$/)
    expect(names).toEqual(["href", "target", "rel"])
  }
  expect(await page.locator("[href^='javascript:' i], [src^='javascript:' i], #trap").count()).toBe(0)
  const inline = await page.evaluate(() =>
    [...document.querySelectorAll("*")].flatMap((element) =>
      element.getAttributeNames().filter((name) => name.startsWith("on")),
    ),
  )
  expect(inline).toEqual([])
  expect(await page.evaluate(() => document.baseURI.startsWith(location.origin))).toBe(true)
}

await describeInBrowser("the chat's page", ({ chat, come, enter }) => {
  it("shows markup in messages as text, now and after it was loaded anew", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    await ada.join("markup")
    await bob.join("markup")
    await bob.inRoom("markup")
    for (const text of MARKUP) await ada.say(text)
    await bob.message(MARKUP.at(-1) ?? "").waitFor()
    await bob.page.reload()
    await bob.inRoom("markup")
    await bob.message(MARKUP.at(-1) ?? "").waitFor()
    for (const visitor of [ada, bob]) {
      const said = await visitor.page.locator(".message .text").allTextContents()
      expect(said).toEqual(MARKUP)
      await expectText(visitor)
    }
  })

  it("shows markup in display names, rooms and links as text", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    for (const name of [`"><img src=x onerror=hacked=1>`, `<a href=javascript:hacked=2>Bob</a>`]) {
      await ada.page.getByRole("button", { name: "Change your display name" }).click()
      await ada.page.getByLabel("Display name").fill(name)
      await ada.page.keyboard.press("Enter")
      await bob.person(name).waitFor()
      await ada.say(`I am ${name}`)
      await bob.message(`I am ${name}`).waitFor()
      await expectText(ada)
      await expectText(bob)
    }
    await ada.join(`<img src=x onerror=hacked=3>`)
    await ada.page.getByText("You cannot enter this room").waitFor()
    await expectText(ada)
    for (const at of ["?room=<img src=x onerror=hacked=4>", "#<img src=x onerror=hacked=5>", "?javascript:hacked=6"]) {
      await ada.page.goto(`${chat.url}/${at}`)
      await ada.light("Connected")
      await expectText(ada)
    }
  })

  it("takes a link's token for text, and leads nowhere else", async () => {
    const eve = await come()
    for (const token of MARKUP) {
      await eve.page.goto(`${chat.url}/login?token=${encodeURIComponent(token)}`)
      await eve.page.getByRole("button", { name: "Log in" }).waitFor()
      expect(await eve.page.locator("input[name=token]").inputValue()).toBe(token)
      expect(await eve.page.evaluate(() => "hacked" in window)).toBe(false)
      const forms = await eve.page
        .locator("form")
        .evaluateAll((all) => all.map((form) => (form as HTMLFormElement).action))
      expect(forms).toEqual([`${chat.url}/login`])
    }
  })

  it("runs nothing that is put into it all the same: its policy forbids it", async () => {
    const ada = await enter("ada@example.com")
    const ran = await ada.page.evaluate(async () => {
      const blocked: string[] = []
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => blocked.push(effectiveDirective))
      const script = document.createElement("script")
      script.textContent = "window.hacked = 1"
      document.body.append(script)
      const image = document.createElement("div")
      image.innerHTML = `<img src="https://evil.test/x.png" onerror="window.hacked = 2"><a href="javascript:window.hacked=3">x</a>`
      document.body.append(image)
      image.querySelector("a")?.click()
      await new Promise((resolve) => setTimeout(resolve, 300))
      script.remove()
      image.remove()
      return { hacked: "hacked" in window, blocked: [...new Set(blocked)].sort() }
    })
    expect(ran.hacked).toBe(false)
    expect(ran.blocked).toEqual(expect.arrayContaining(["img-src", "script-src-elem"]))
    // The spec caused these violations on purpose.
    ada.complaints.length = 0
  })
})

it("is made without anything that takes text for markup or code", () => {
  const sinks =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment|srcdoc|setHTML|DOMParser|\.href\s*=|window\.open|location\.(assign|replace)|location\s*=/
  const files = readdirSync(PAGE, { recursive: true, withFileTypes: true }).filter(({ name }) => name.endsWith(".ts"))
  expect(files.length).toBeGreaterThan(20)
  const found = files.flatMap(({ parentPath, name }) =>
    readFileSync(join(parentPath, name), "utf8")
      .split("\n")
      .filter((line) => sinks.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  )
  expect(found).toEqual([])
})
