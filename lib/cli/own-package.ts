import { createRequire } from "node:module"
import { dirname } from "node:path"

const require = createRequire(import.meta.url)

/** The folder of the installed package. */
export const ownFolder = (): string => dirname(require.resolve("rookery/package.json"))

/** The version of the installed package. */
export const ownVersion = (): string => (require("rookery/package.json") as { version: string }).version
