import { createHash, randomBytes } from "node:crypto"

/** 256 random bits, fit for a URL, a cookie and a header. */
export const makeToken = (): string => randomBytes(32).toString("base64url")

/** What is stored of a token: whoever reads the store cannot log in with it. */
export const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64url")

/** Whether a text can be a token of ours, so that nothing else is looked up. */
export const isToken = (text: unknown): text is string => typeof text === "string" && /^[\w-]{43}$/.test(text)
