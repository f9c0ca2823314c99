import { pathOf, SOURCES, textOf } from "./documents.js"

/** The documents in the order of the sidebar: title of the page in it, and where it is in the repository. */
export const GROUPS: readonly (readonly [title: string, entries: readonly (readonly [title: string, to: string])[]])[] =
  [
    [
      "To begin with",
      [
        ["Guide", "docs/GUIDE.md"],
        ["Tour", "docs/TOUR.md"],
        ["Examples", "docs/EXAMPLES.md"],
        ["Compared with others", "docs/COMPARED.md"],
      ],
    ],
    [
      "Both ends",
      [
        ["Client", "docs/CLIENT.md"],
        ["Server", "docs/SERVER.md"],
        ["React", "docs/REACT.md"],
        ["Serializers and transports", "docs/SERIALIZERS-AND-TRANSPORTS.md"],
        ["Testing", "docs/TESTING.md"],
        ["The chat", "docs/CHAT.md"],
      ],
    ],
    [
      "Moving here",
      [
        ["From phoenix.js", "docs/FROM-PHOENIX-JS.md"],
        ["From @supabase/realtime-js", "docs/FROM-SUPABASE-REALTIME.md"],
        ["From socket.io", "docs/FROM-SOCKET-IO.md"],
      ],
    ],
    [
      "With Phoenix",
      [
        ["LiveView", "docs/LIVEVIEW.md"],
        ["Phoenix on the other end", "docs/PHOENIX-BACKENDS.md"],
      ],
    ],
    [
      "In production",
      [
        ["Runtimes", "docs/RUNTIMES.md"],
        ["Deploy", "docs/DEPLOY.md"],
        ["Operations", "docs/OPERATIONS.md"],
        ["Scale", "docs/SCALE.md"],
        ["Security", "docs/SECURITY.md"],
      ],
    ],
    [
      "To look things up",
      [
        ["Limits", "docs/LIMITS.md"],
        ["Errors", "docs/ERRORS.md"],
        ["The wire", "docs/PROTOCOL.md"],
        ["Decisions", "docs/decisions/README.md"],
        ["All documents", "docs/README.md"],
        ["Changelog", "CHANGELOG.md"],
      ],
    ],
  ]

const linkOf = (to: string): string => {
  const [source = "", anchor] = to.split("#")
  if (!SOURCES.includes(source)) throw new Error(`site/sidebar.ts names ${source}, which is no document`)
  return pathOf(source) + (anchor === undefined ? "" : `#${anchor}`)
}

/** The title of a document: its first heading. */
export const titleOf = (source: string): string => /^# (.+)$/m.exec(textOf(source))?.[1]?.replaceAll("`", "") ?? source

/** The sidebar. A document of docs/ that has no place in it yet comes last, by its title. */
export function sidebar(): { text: string; items: { text: string; link: string }[] }[] {
  const named = new Set(GROUPS.flatMap(([, entries]) => entries.map(([, to]) => to)))
  const others = SOURCES.filter((source) => /^docs\/[^/]+$/.test(source) && !named.has(source))
  const more = ["More", others.map((source) => [titleOf(source), source] as const)] as const
  return [...GROUPS, ...(others.length > 0 ? [more] : [])].map(([text, entries]) => ({
    text,
    items: entries.map(([text, to]) => ({ text, link: linkOf(to) })),
  }))
}
