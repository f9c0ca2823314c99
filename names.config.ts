/**
 * Members that the classes of the client have only for each other, all marked as internal: a minifier cannot know that,
 * so the build gives them short names. Each has one meaning in the whole library, and never comes in a string, on the
 * wire, in the types, or in an object of a user's or the platform's.
 */
export const INTERNAL_NAMES: readonly string[] = [
  "onConnOpen",
  "onConnMessage",
  "onConnError",
  "onConnDown",
  "onConnClose",
  "onConnStatus",
  "onConnSuspect",
  "failLoudly",
  "startTimer",
  "stopTimer",
  "timedOut",
  "withdraw",
  "sentRef",
  "owing",
  "whenClosed",
  "abandon",
  "report",
  "post",
  "beat",
  "letGo",
  "outlives",
  "shares",
  "hasSeen",
  "findTarget",
  "takeRef",
  "onPong",
  "assertAlive",
]

/** The name that each goes by in the build, the same in every file of it: no subclass of a user's has one like it. */
export const SHORT_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  INTERNAL_NAMES.map((name, i) => [name, `$${(i + 10).toString(36)}`]),
)
