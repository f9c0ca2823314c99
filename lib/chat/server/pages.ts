const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const page = (body: string): string =>
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Log in</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<main class="gate"><div class="card">${body}</div></main>
</html>
`

/** The page of a link. It has a button, because mail scanners open links and do not press buttons. */
export const linkPage = (token: string): string =>
  page(`
<h1>Log in</h1>
<p>This link works once.</p>
<form method="post" action="/login">
<input type="hidden" name="token" value="${escape(token)}">
<button type="submit" class="primary">Log in</button>
</form>`)

/** The page of a link that cannot be used any more. */
export const usedLinkPage = (home: string): string =>
  page(`
<h1>This link does not work any more</h1>
<p>It was used, or it is too old. <a href="${escape(home)}">Ask for a new one</a>.</p>`)
