import type { ChatError } from "../topics.js"

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** The same mark as on the page of the chat, which is drawn by its style. */
const MARK = `<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
<rect class="mark-ground" width="32" height="32" rx="8"/>
<path class="mark-line" d="M16 27V10M16 22c-5 0-7-2.5-7-6M16 19c5 0 7-2.5 7-6"/>
<circle class="mark-nest" cx="16" cy="8" r="3"/><circle class="mark-nest" cx="9" cy="14" r="3"/><circle class="mark-nest" cx="23" cy="11" r="3"/>
</svg>`

const page = (title: string, body: string): string =>
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escape(title)} · Rookery</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<main class="gate"><div class="card">
${MARK}
<h1>${escape(title)}</h1>
${body}
</div></main>
</html>
`

/** The page of a link. It has a button, because mail scanners open links and do not press buttons. */
export const linkPage = (token: string): string =>
  page(
    "Log in",
    `<p class="muted">This link works once, and for a short time.</p>
<form method="post" action="/login">
<input type="hidden" name="token" value="${escape(token)}">
<button type="submit" class="primary">Log in</button>
</form>`,
  )

/** The page of a link that cannot be used any more. */
export const usedLinkPage = (home: string): string =>
  page(
    "This link does not work any more",
    `<p class="muted">It was used, or it is too old. <a href="${escape(home)}">Ask for a new one</a>.</p>`,
  )

const TITLES: Readonly<Record<number, string>> = {
  403: "This is not allowed",
  404: "There is nothing here",
  405: "This cannot be done here",
  429: "That was too much at once",
}

/** The page of an error, for a person who follows a link or sends a form. */
export function errorPage({ code, error }: ChatError, home: string): string {
  const words = error.charAt(0).toUpperCase() + error.slice(1)
  const title = TITLES[code] ?? (code < 500 ? "This did not work" : "Something went wrong")
  const reason = words === title ? "" : `<p class="muted">${escape(words)}.</p>\n`
  return page(title, `${reason}<p><a href="${escape(home)}">Go to the chat</a></p>`)
}
