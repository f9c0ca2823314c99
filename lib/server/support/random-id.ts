import { base64UrlOf } from "./base64-url.js"

/** Random bytes as text; 16 of them are as unlikely to come twice as a UUID. */
export const randomId = (bytes = 16): string => base64UrlOf(crypto.getRandomValues(new Uint8Array(bytes)))
