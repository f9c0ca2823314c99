import { basename, join } from "node:path"

/** The socket at which a worker takes requests from the others. */
export const socketPath = (folder: string, id: number): string =>
  // Windows has pipes in a name space of their own instead.
  process.platform === "win32" ? `\\\\.\\pipe\\${basename(folder)}-${id}` : join(folder, String(id))
