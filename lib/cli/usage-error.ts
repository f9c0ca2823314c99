/** A usage error: the command prints only its message, and exits with 64. */
export class UsageError extends Error {}
