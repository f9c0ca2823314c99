import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The files that name the page of the repository. */
export const NAMED_IN: readonly string[] = [
  "package.json",
  "CODE_OF_CONDUCT.md",
  "SECURITY.md",
  ".github/ISSUE_TEMPLATE/config.yml",
]

/** The page of a repository, without an ending: `https://github.com/ada/rookery`. Throws if the URL is none. */
export function pageOf(url: string): string {
  const page = url
    .trim()
    .replace(/^git\+/, "")
    .replace(/^(?:ssh:\/\/)?git@([^:/]+)[:/]/, "https://$1/")
    .replace(/(?:\.git|\/|#readme)+$/, "")
  if (!/^https:\/\/[\w.-]+(?:\/[\w.-]+)+$/.test(page)) {
    throw new Error(`${url} is no URL of a repository; write https://github.com/ada/rookery`)
  }
  return page
}

/** Has every file under a root name another repository than before. Returns the page that they named. */
export function setRepository(root: string, url: string): string {
  const page = pageOf(url)
  const { homepage } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { homepage: string }
  const former = pageOf(homepage)
  for (const file of NAMED_IN) {
    const path = join(root, file)
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(former, page))
  }
  return former
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const url = process.argv[2]
  if (url === undefined) {
    console.error("Usage: npm run set-repository https://github.com/ada/rookery")
    process.exitCode = 2
  } else {
    const former = setRepository(fileURLToPath(new URL("..", import.meta.url)), url)
    console.log(`${NAMED_IN.join(", ")} name ${pageOf(url)} instead of ${former}`)
  }
}
