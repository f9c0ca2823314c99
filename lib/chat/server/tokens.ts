import { createHash, randomBytes } from "node:crypto"

/** Makes a token of 256 random bits, valid in a URL, a cookie and a header. */
export const makeToken = (): string => randomBytes(32).toString("base64url")

/** The hash of a token. Only hashes are stored, so that reading the store does not allow a log-in. */
export const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64url")

/** Whether a text has the form of a token. Others are not looked up. */
export const isToken = (text: unknown): text is string => typeof text === "string" && /^[\w-]{43}$/.test(text)
