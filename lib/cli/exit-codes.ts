/** The exit codes of the command. */
export const EXIT = {
  ok: 0,
  /** The server answered, and the answer was an error. */
  refused: 1,
  /** There was no answer: no connection, no join, no reply in time. */
  unreachable: 2,
  /** As in sysexits.h: a usage error. */
  usage: 64,
} as const

// By convention, 128 plus the signal's number. A pipe that its reader has closed is not a failure.
const ENDED_BY: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, EPIPE: EXIT.ok }

/** The exit code of a command that was ended from outside. */
export const exitCodeOf = (signal: AbortSignal): number => ENDED_BY[String(signal.reason)] ?? EXIT.unreachable
