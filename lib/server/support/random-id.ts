import { base64UrlOf } from "./base64-url.js"

/** 128 random bits as text. */
export const randomId = (): string => base64UrlOf(crypto.getRandomValues(new Uint8Array(16)))
