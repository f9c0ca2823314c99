/** The command was not understood: its message is the one line that is said, and it exits with 64. */
export class UsageError extends Error {}
